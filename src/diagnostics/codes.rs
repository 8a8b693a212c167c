//! Every kind of message, with its long story. Codes are never used for another thing.
//!
//! `tests/diagnostic_pages.rs` writes `docs/diagnostics/` from what stands here.

use super::Severity::{self, Error, Note, Warning};

/// A kind of message.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable id, such as `RF0101`.
    pub id: &'static str,
    /// How bad it is, unless `--strict` says otherwise.
    pub severity: Severity,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// Why it matters and how to mend it.
    pub docs: &'static str,
}

/// What the codes are about that begin alike.
pub static FAMILIES: &[(&str, &str)] = &[
    ("RF00", "text"),
    ("RF01", "shape of a manifest"),
    ("RF02", "meaning of a manifest"),
    ("RF03", "fleet, racks and parameters"),
    ("RF04", "hosts and certificates"),
    ("RF05", "allocation and the lock"),
    ("RF06", "output"),
    ("RF07", "what runs"),
    ("RF08", "what Convox does today"),
    ("RF09", "what an account is about to do"),
];

macro_rules! codes {
    ($($name:ident = $id:literal $severity:ident $title:literal, $docs:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Code = Code { id: $id, severity: $severity, title: $title, docs: $docs };
        )*

        /// Every code, in order of id.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    UNREADABLE = "RF0001" Error "a file can't be read",
        "Something names this file, on the command line or in rackform.yml, and the system does not give it: it does not exist, is a folder, or may not be read by this user. Paths in rackform.yml begin at its own folder, and those of options where the command is run. Check the path and the permissions.";
    TOO_LARGE = "RF0002" Error "a file is larger than any manifest",
        "A manifest has a few kilobytes; files over 4 MiB are refused before they are read. The path probably names something else.";
    NOT_UTF8 = "RF0003" Error "a file is not UTF-8",
        "YAML is read as UTF-8. The place is the first byte that is something else: mostly an editor has saved a letter such as `ü` in an older encoding. Save the file as UTF-8; UTF-16 and Latin-1 are not read.";
    SYNTAX = "RF0004" Error "the text is not YAML",
        "The text breaks YAML's grammar at the place shown; the cause may stand on a line before it. Frequent causes: tabs as indentation, a `:` followed by a blank inside plain text, a bracket that is not closed.";
    TOO_DEEP = "RF0005" Error "the document is too large or too deep",
        "A document may nest 64 levels and hold 300,000 values, with what aliases and merges repeat counted each time. No manifest comes near that; a text that does is an attack or an accident.";
    BAD_ALIAS = "RF0006" Error "an alias names nothing",
        "`*name` repeats the node that `&name` marks earlier in the file. The anchor is missing, stands later, or encloses the alias. Text that begins with `*`, such as a pattern of hosts, needs quotes.";
    BAD_MERGE = "RF0007" Error "a merge key without a mapping",
        "`<<` puts the entries of a mapping in its place, so its value is an alias to one: `<<: *name`, where `&name` marks a mapping further up. Without the `*` it is a mere text. Convox refuses it too.";
    UNSUPPORTED_YAML = "RF0008" Error "YAML that has no meaning here",
        "Tags other than `!!str`, and keys that are lists or mappings, mean nothing in this file. A value says by itself what it is: `3000` is a number, and `\"3000\"` is text.";
    DUPLICATE_KEY = "RF0010" Warning "a key is written twice",
        "The last one counts and the first one is lost without a word; of `domain` and `environment` of a service both count. Convox accepts this too; write it once.";
    SECOND_DOCUMENT = "RF0011" Warning "a second document is not read",
        "Only the text before the second `---` is read, as in Convox. Move what follows into the first document or into a file of its own.";
    UNSET_VARIABLE = "RF0012" Warning "a variable has no value",
        "`${NAME}` is replaced by the value of NAME, and by nothing when it has none, as in Convox. Values come from `environment` of the app in rackform.yml, then `--env-file`, then `--env NAME=VALUE`, and the last one counts. The environment of the process never takes part, so that the output does not depend on who runs the command.";
    UNSET_HOST_VARIABLE = "RF0013" Error "a host name needs a variable that has no value",
        "Convox takes a variable without a value for nothing: a service with `${HOST}` silently loses its domain, and `www.${DOMAIN}` becomes `www.`, which nobody asks for. A host that would vanish so is an error here. Set the variable in `environment` of the app in rackform.yml, with `--env-file FILE`, or with `--env NAME=VALUE`; set it to nothing (`--env NAME=`) when no host is meant.";
    NO_SERVICES = "RF0014" Warning "a manifest without services",
        "Nothing would be deployed, and Convox accepts such a manifest without a word. Check that `services:` is spelt so and stands at the top level.";
    BAD_ENV = "RF0015" Error "a variable is not written NAME=VALUE",
        "`--env` takes NAME=VALUE. A file for `--env-file` has one NAME=VALUE a line; blank lines and lines that start with `#` are skipped. No shell reads it: what stands behind the first `=` is the value, quotes included, and `export` is no part of a name.";
    TOO_MANY_SERVICES = "RF0016" Error "more services than a stack can hold",
        "A stack of CloudFormation has at most 500 resources and each service needs several, so an app of more than 1,000 services can't be deployed. Split it.";
    MERGED_DOMAINS = "RF0017" Warning "domains are added to merged ones",
        "Convox puts what `<<` brings in its place as text, so a list of the service's own is added to the merged one instead of replacing it. The service answers at the hosts of both.";

    WRONG_SHAPE = "RF0101" Error "a value has the wrong shape",
        "The value is of a kind that Convox's reader refuses here, such as a list where text is expected, and it refuses the whole manifest with it. `rackform schema convox` prints what each key takes.";
    UNKNOWN_KEY = "RF0102" Warning "an unknown key is ignored",
        "Convox ignores keys that it does not know, so a slip of the finger switches a setting off in silence. Correct the key, or remove it; keys that start with `x-` at the top level are free for anchors.";
    V3_KEY = "RF0103" Warning "a key of Convox v3 is ignored",
        "The key belongs to version 3 of Convox, which runs on Kubernetes. Version-2 racks ignore it. The message says what to write instead, where there is something.";
    IGNORED_VALUE = "RF0104" Warning "a value is ignored",
        "Convox's reader drops this value without a word, mostly because a number stands in quotes or an item of a list is not text. rackform does the same, so that both agree, and tells you.";
    MISSING_KEY = "RF0105" Error "a key is missing",
        "The block means nothing without this key: a mapping under `port` needs the `port` itself, an entry of `nlb` its `port`, and one with `protocol: tls` its `certificate`; a resource needs its `type`. Convox refuses the manifest too.";
    BAD_NAME = "RF0106" Error "a name that Convox refuses",
        "Names of services begin with a letter from a to z and go on with a to z, 0 to 9 and `-`, since they become parts of host names. Racks of Convox before 2021 took any name; newer ones refuse others.";

    PORT_RANGE = "RF0201" Error "a port outside of 1 to 65535",
        "`port` is the one that the service listens on inside of its container, and a target group takes 1 to 65535. Convox does not look at the number, so the deployment would fail.";
    PORT_SCHEME = "RF0202" Error "a scheme that no target group has",
        "What stands before the colon of `port` is the scheme that the service speaks: `http`, `https`, `grpc` or `secure-grpc`, the last two in lower case. It is not a port of the router, as it would be in Docker Compose: the router always listens on 443, and on 80 where `RedirectHttps: No` says so. Convox makes a target group of whatever stands there, and the deployment fails.";
    HEALTH_INTERVAL = "RF0203" Error "a health check interval outside of 5 to 300 seconds",
        "An Application Load Balancer checks each process every 5 to 300 seconds. Convox passes any number on, and AWS refuses the target group when it is deployed.";
    HEALTH_TIMEOUT = "RF0204" Error "a health check timeout that AWS refuses",
        "A check must be over before the next one begins, so the timeout is 2 to 120 seconds and smaller than the interval. When it is not written it is the interval less one. Convox passes any number on, and AWS refuses the target group when it is deployed.";
    HEALTH_PATH = "RF0205" Error "a health check path that AWS refuses",
        "The router asks each process for this path. It must begin with `/`, have at most 1,024 characters, and hold no blanks, line breaks or control characters. Convox adds no `/` in front, so AWS would refuse the target group.";
    DRAIN_RANGE = "RF0206" Error "a drain outside of 0 to 3600 seconds",
        "`drain` is the deregistration delay of the target group: how many seconds a process that is to stop gets no new requests and may answer those that it has. AWS takes 0 to 3600. It is not in milliseconds.";
    DRAIN_ZERO = "RF0207" Warning "`drain: 0` means 30",
        "Convox takes 0 for \"not written\" and uses 30 seconds. Write 1 for a delay that is as good as none.";
    ID_COLLISION = "RF0208" Error "two names make one logical ID",
        "CloudFormation's logical IDs have letters and digits only, so dashes vanish: `web-a` and `web--a` are both `WebA`, and one would overwrite the other, as it does in Convox. Rename one of them.";
    UNKNOWN_LINK = "RF0209" Error "a link to a service that does not exist",
        "`links` names services of the same manifest; the URL of `api` comes to the service as `API_URL`. Convox fails to render an app that links to none.";
    DEAD_LINK = "RF0210" Warning "a link to a service that nobody can reach",
        "A link becomes the URL of the service's default host. A service without a port has none, nor has one with a custom domain when the app has `InternalDomains: No`.";
    UNKNOWN_RESOURCE = "RF0211" Warning "a resource that does not exist",
        "The service names a resource that the manifest does not declare. Convox ignores that, and the variable that it would set, such as `DATABASE_URL`, is missing at run time.";
    TARGETS_WITHOUT_RANGE = "RF0212" Warning "autoscaling targets without a range",
        "With the same minimum and maximum there is nothing to scale; on some racks of Convox the stack even fails. Write a range such as `count: 1-5`, or remove the targets.";
    AGENT_IS_ON = "RF0213" Warning "`agent` as a mapping is always on",
        "Convox turns the agent on for every mapping, even `{enabled: false}`. Write `agent: false`, or remove the key.";
    SCALE_ZERO = "RF0214" Warning "a scale of zero processes",
        "`scale: {}` and `count:` without a value mean zero processes to Convox, and so does a key that merely begins with `scale`. Write the count that you mean.";
    SCALE_RANGE = "RF0215" Error "a scale whose minimum is above its maximum",
        "With autoscaling targets this range becomes a scalable target, which AWS refuses when the minimum is above the maximum. Convox does not look at it.";
    SCALE_BACKWARDS = "RF0216" Warning "a scale whose minimum is above its maximum",
        "`count: {min: 2}` leaves the maximum at 0. Nothing is autoscaled here, so the minimum counts, but this is hardly what was meant.";
    UNKNOWN_TIMER_SERVICE = "RF0217" Error "a timer for a service that does not exist",
        "A timer runs its command in a service of the same manifest. Convox fails to render an app whose timer names none.";
    BAD_SCHEDULE = "RF0218" Warning "a schedule that AWS refuses",
        "rackform does not provision timers; with Convox this one would fail, in its own check or in that of AWS. A schedule has five or six fields separated by single blanks (minute, hour, day of month, month, day of week, year), in UTC; one of day of month and day of week must be `?`.";
    RESOURCE_TYPE = "RF0219" Error "a resource without a type",
        "The type says what to run, such as `postgres`. Convox refuses a resource whose type is blank.";
    NOT_PROVISIONED = "RF0220" Note "resources and timers are not provisioned",
        "rackform checks resources and timers and deploys none of them: databases and schedules are managed elsewhere. A service that uses the resource `database` still gets its `DATABASE_URL`: the parameter of that name under /<rack>/<app>/ in the Systems Manager, which whoever runs the database sets.";
    NLB_CONFLICT = "RF0221" Error "one network port for two services",
        "A listener port belongs to one service, even when one is public and the other internal; Convox refuses the manifest.";
    EMPTY_VARIABLE = "RF0222" Error "an environment entry without a name",
        "An entry is NAME, NAME=VALUE or `*`. Convox takes the empty text for a required variable that can never be set, so the app would not deploy, and no container starts with a variable that has a value and no name.";
    METRIC_AGGREGATE = "RF0223" Error "a custom metric without a valid aggregate",
        "`aggregate` is the statistic of the metric that the autoscaler keeps to: avg, max, min or sum. Convox fails to render an app with another one, or with none.";
    UNKNOWN_RESOURCE_TYPE = "RF0224" Warning "a resource type that Convox does not have",
        "Convox knows postgres, mysql, mariadb, redis, valkey, memcached and efs, and fails to render anything else. rackform does not run resources, so it goes on.";
    GRPC_HEALTH = "RF0226" Warning "a gRPC health check that expects \"not implemented\"",
        "A healthy gRPC service answers its health method with code 0. `LoadBalancerGrpcSuccessCodes` is 12, \"not implemented\", unless set: right for a path that no service has, such as the default `/`, and never met by a method that exists. Set the parameter to \"0\".";

    FLEET_SHAPE = "RF0301" Error "rackform.yml has the wrong shape",
        "The value is of a kind that the key does not take, such as a list where one host is expected. `rackform schema fleet` prints what each key takes, and editors that are given it say so while you write.";
    FLEET_UNKNOWN_KEY = "RF0302" Error "an unknown key in rackform.yml",
        "rackform.yml is ours alone, so a key that means nothing is a mistake and never ignored. `rackform init` writes a file with an example of every key.";
    UNKNOWN_PARAMETER = "RF0303" Error "a parameter that does not exist",
        "Parameters of racks and apps have Convox's names, letter for letter. One that exists neither there nor here is refused, and none is dropped in silence.";
    UNSUPPORTED_PARAMETER = "RF0304" Error "a parameter of Convox that rackform does not support",
        "The parameter exists in Convox and would have an effect there that rackform does not give it, so the rack would not be what its file says. Remove it, do what the message says instead, or keep this rack on Convox.";
    PARAMETER_VALUE = "RF0305" Error "a value that the parameter does not take",
        "Parameters take what Convox lets them take, such as `Yes` and `No`, and of that what AWS accepts. The message says what this one takes.";
    PARAMETER_ELSEWHERE = "RF0306" Warning "a parameter without an effect here",
        "The parameter is about a part of Convox that rackform does not have: builds, timers, resources or the rack API's own settings. Logs go to CloudWatch; a syslog server can take them from there.";
    DROPPED_PARAMETER = "RF0307" Warning "a parameter that Convox drops",
        "`params` of a manifest sets parameters of the app's stack. Convox drops names that it does not know, so a slip of the finger has no effect.";
    NO_MANIFEST = "RF0308" Error "no manifest was found",
        "Without rackform.yml, the path is a convox.yml, a folder with one, or a folder with some one or two folders below. With it, `apps` may say where each manifest lies. The files of Docker Compose and of older Convox apps have other names and are not read.";
    APP_NAME = "RF0309" Error "a name that no app may have",
        "An app is named after its folder or its key in rackform.yml. The name becomes part of host names and of the stack's name: letters a to z first, then a to z, 0 to 9 and `-`, at most 40 characters, and not the name of the rack. Convox takes `_` too, which has no place in a host name.";
    RACK_NAME = "RF0310" Error "a name that no rack may have",
        "The name becomes the name of the stack, of the classic balancer and of the private zone: a letter from a to z first, then a to z, 0 to 9 and `-`, no `-` at the end, at most 28 characters. No two racks share a host, or the name of their balancer.";
    UNKNOWN_RACK = "RF0311" Error "an app on a rack that does not exist",
        "`rack` pins an app to one of `racks`. Of a rack with a `count`, `production` stands for all that may be opened, and `production-2` for the second alone.";
    CERTIFICATE_ARN = "RF0312" Error "not the ARN of a certificate",
        "A certificate is named by its ARN, `arn:aws:acm:REGION:ACCOUNT:certificate/ID`, or `create` for the rack's own. It lies in the region of the rack. Certificates of IAM are not taken; import them into ACM.";
    NETWORK = "RF0314" Error "a network that can't hold balancers",
        "A router stands in two or three zones, in a subnet of each, and AWS makes none in a single one. Name the subnets by their ids; a network that is brought also needs the range of its VPC in the rack parameter `VPCCIDR`, from where the internal router may be asked.";
    PARAMETERS_DISAGREE = "RF0315" Warning "manifest and rackform.yml set one parameter",
        "`params` in convox.yml is applied on every release and wins, as in Convox. Say it in one place.";
    ADDRESS_RANGE = "RF0316" Error "ranges of addresses that do not fit",
        "Each subnet lies inside of the VPC's range and overlaps no other, or AWS does not make it; a subnet for a router is /27 or larger. The defaults lie in 10.0.0.0/16: who sets another `VPCCIDR` sets the six subnets too.";
    NAME_LENGTH = "RF0317" Error "a name longer than AWS takes",
        "Names of load balancers have at most 32 characters. The internal router has the name of its rack and `InternalRouterSuffix` behind it, which is `-rti` unless set.";
    DEFAULT_CERTIFICATE = "RF0318" Note "the rack's certificate is asked for at deploy time",
        "An HTTPS listener needs a default certificate. Without `certificate` in rackform.yml the rack stack has the parameter `Certificate` without a default: pass it on the first deployment with `deploy.sh --parameter RACK:Certificate=ARN`.";
    IDLE_PARAMETER = "RF0319" Warning "a parameter that has no effect beside the others",
        "The parameter is about a part that this rack does not have, so it changes nothing. Remove it, or correct the parameter that the message names.";
    OUTSIDE_ZONE = "RF0320" Error "the rack's host lies outside of its hosted zone",
        "The rack's records, and those that validate its certificate, are written into the hosted zone, which takes only names of its own domain.";
    NO_RECORDS = "RF0321" Note "nobody writes the rack's DNS records",
        "Without `hosted_zone`, the wildcard record that leads the rack's hosts to its router, and the record that validates a created certificate, are yours to write. The router's name is the output `Domain` of the rack's stack, the internal one's `DomainInternal`.";
    UNKNOWN_APP = "RF0322" Error "a reservation for an app that does not exist",
        "`domains` in rackform.yml reserves domains for apps of the fleet by their names. Under a name that no app has, a domain would be reserved for nobody, and protected from nobody.";
    BAD_LIMITS = "RF0323" Error "a file that does not hold an account's limits",
        "`quotas` of a rack names a file with what `aws elbv2 describe-account-limits` printed: JSON with a list of `Limits`, each with `Name` and `Max`.";

    HOST_SYNTAX = "RF0401" Error "a host name that a listener rule refuses",
        "A host has at most 128 letters, digits, `-`, `.`, `*` and `?`, at least one dot, and only letters behind the last dot: no scheme, port or path, no address, no dot at the end. Convox passes everything on, and the deployment would fail.";
    DUPLICATE_HOST = "RF0402" Warning "a host is written twice",
        "Host names do not tell upper from lower case. Convox would spend a rule on each; rackform spends one.";
    DOMAIN_WITHOUT_PORT = "RF0403" Warning "a domain on a service without a port",
        "A service without `port` is not behind a router, so nobody answers at the domain. Convox says nothing about it.";
    NO_INTERNAL_ROUTER = "RF0404" Error "an internal service on a rack without an internal router",
        "`internal` and `internalAndExternal` need the rack parameter `Internal: Yes`. Convox refuses the release too.";
    NO_PUBLIC_ROUTER = "RF0405" Error "a public service on a rack without a public router",
        "The rack parameter `InternalOnly: Yes` removes the public router, so nobody could reach the service. Make it `internal`, or put the app on another rack.";
    HOST_TAKEN = "RF0406" Error "two services claim one host",
        "On one router a host leads to one service. With two rules the lower number wins and the other service is dead, which is what Convox makes of it. Note that the default host joins app and service by a dash, so app `foo-bar` with service `web` and app `foo` with service `bar-web` claim the same one.";
    SHADOWED_HOST = "RF0407" Warning "a wildcard covers another service's host",
        "The exact host wins, since exact hosts are evaluated first; everything else below the wildcard goes to the other service.";
    WILDCARD_OVERLAP = "RF0408" Error "two wildcards overlap and neither is inside the other",
        "Some hosts match both, and which service answers would depend on numbers that nobody chose. Make one of them narrower.";
    TOO_MANY_WILDCARDS = "RF0409" Error "too many wildcards in one host",
        "A listener rule holds at most five `*` and `?` in all. One `*` stands for any number of characters, dots too.";
    NO_HTTP_LISTENER = "RF0410" Error "no port 80 for an app without redirect",
        "`RedirectHttps: No` puts the app's rules on port 80 too, which the rack parameter `DisableALBPort80: Yes` removes. With Convox, the deployment fails because the listener can't be imported.";
    UNDERSCORE = "RF0411" Warning "an underscore in a host name",
        "AWS's API description does not list `_` for host conditions, and browsers differ on it. The deployment may be refused.";
    VALIDATION_WAITS = "RF0412" Note "certificates wait for validation",
        "ACM validates a certificate by a DNS record. Without `hosted_zone` on the rack nobody writes it, and the deployment waits until you do. List an existing certificate under `certificates`, or give the rack its `hosted_zone`.";
    UNCERTIFIABLE_HOST = "RF0413" Error "no certificate can name this host",
        "A certificate of ACM names hosts exactly or with `*.` in front, of letters, digits and dashes, and not under a private ending; its first name has at most 64 characters. List a certificate under `certificates` of the rack whose names cover the host.";
    GRPC_OVER_HTTP = "RF0414" Error "gRPC without HTTPS",
        "A target group for gRPC takes requests from an HTTPS listener only, so the app can't have `RedirectHttps: No`.";
    NOTHING_ROUTED = "RF0415" Note "an app with nothing behind a router",
        "The services of the rack run elsewhere (`compute: none`), and none of this app's has a port: there is nothing to balance, and the app has no stack.";
    RESERVED = "RF0416" Error "a domain that belongs to another app",
        "`domains` in rackform.yml reserves a domain and all names below it for one app, so that no other one takes a host of it by mistake. A pattern that matches such a name counts too. A part of the domain may be reserved for another app.";
    EXPECTATION = "RF0417" Error "somebody else answers than expected",
        "`expect` in rackform.yml says who answers at an address, and the rules say otherwise. An address with http is a redirect unless the app has `RedirectHttps: No`; where a rule of others answers that the lock knows, the answer is `others`. `rackform resolve ADDRESS` says why.";
    HOST_ON_TWO_RACKS = "RF0418" Warning "one host on two racks",
        "Two apps on different racks claim one host. Each router answers it, but DNS leads to one of them, and the other app is never asked.";

    LOCK_SHAPE = "RF0501" Error "rackform.lock can't be read",
        "The lock is written by `rackform compile` and says which numbers are deployed. What can't be read of it can't be kept, so nothing is compiled. Restore it from version control; a lock that is lost gives new numbers to every rule.";
    LOCK_VERSION = "RF0502" Error "rackform.lock was written by a newer version",
        "A newer version may write what this one does not know and would lose. Use that version of rackform, or a newer one.";
    LOCK_CONFLICT = "RF0503" Error "rackform.lock holds conflict markers",
        "Merging two branches left both versions of some lines. Keep the lines of both sides, remove the markers, and run `rackform compile`. Every line stands for itself, so `rackform.lock merge=union` in .gitattributes lets git keep both sides at once; what does not fit together is said.";
    LOCK_ENTRY = "RF0504" Error "rackform.lock contradicts itself",
        "Two rules hold one number or one host, a line stands twice, a number lies outside of its range, or an entry names an app that has no rack. Numbers that are deployed must not be guessed; take the line from the branch that was deployed.";
    LOCK_CHANGES = "RF0505" Error "the lock would change",
        "With `--locked`, which is for pipelines, the lock must already say what a compile would write; if it does not, the exit code is 3. Mostly a manifest was changed and not compiled. Run `rackform compile` and commit rackform.lock.";
    NO_NUMBER = "RF0506" Error "no priority is free for a rule",
        "The rule with the lowest number wins, so a pattern inside of another one needs the lower number. Exact hosts have 1 to 19999 and patterns 20000 to 49999, the narrower the lower. Every number that keeps this order is taken, mostly by a rule that stood there before rackform. Remove rules, or spread the apps over more racks.";
    QUOTA = "RF0507" Error "a router would hold more than AWS allows",
        "An Application Load Balancer holds 100 rules over all of its listeners and 25 certificates beside the default one, unless AWS has raised these quotas and `quotas` of the rack says so; and 100 target groups, which can't be raised.";
    LOCK_RACK = "RF0508" Error "the lock places an app on a rack that does not exist",
        "The rack was removed or renamed while the app is placed there. Its name is that of its stacks, so a rack with another name is another rack. Give it its name back, or declare the new rack beside it and move the apps. If nothing of it is deployed, remove rackform.lock.";
    ROUTER_IN_USE = "RF0509" Error "a router is removed while rules stand on it",
        "Racks are deployed before apps, and CloudFormation does not remove a router whose listeners a stack still imports. Apps of the fleet let go of it in a phase before that; the stack of an app that is gone does not, since nobody deploys it any more. Keep the router until that stack is deleted.";
    APP_GONE = "RF0510" Note "a stack that is not needed any more stays",
        "An app is no longer part of the fleet or has left a rack, or the last app has left a rack, so nothing deploys or removes the stack: the rules of an app stay on the router until you delete it. Every compile after this one is silent about it.";
    LOCK_MISSING = "RF0511" Warning "the lock is missing",
        "The output folder was compiled before, so numbers were given out, and the lock that remembers them is not there. A new one may pack and number rules in another way, and what is deployed is changed for nothing.";

    PINNED_ELSEWHERE = "RF0512" Error "an app is pinned to another rack than it lives on",
        "A target group belongs to one load balancer, so an app can't change racks in one step without an interruption, and a pin does not move it. `rackform move APP RACK` deploys it on the new rack too; once DNS leads there, `rackform move APP --finish` takes it from the old one.";
    NO_ROOM = "RF0513" Error "no rack has room for a new app",
        "An app lives on one rack as a whole, and every rack that may be open is too full for it. A new app leaves the headroom of a rack free, 10 per cent unless `headroom` says otherwise; one that is pinned to a rack may use it.";
    LOCK_MENDED = "RF0514" Warning "rackform.lock was mended",
        "`--mend` keeps the oldest of the entries that contradict each other, which is what was deployed, and gives the others new numbers. Numbers that were given up are not given out again. Read the difference before you deploy.";
    TRANSITION = "RF0515" Error "no order of updates is safe",
        "CloudFormation creates and updates before it deletes, one stack after another. Every compile looks for an order, and for phases where one pass does not do, in which no router holds more than AWS allows, no number and no port of a network balancer is used twice and no host is unanswered. Here there is none, so make the change in two steps with a deployment between them.";
    BAD_MOVE = "RF0516" Error "a move that can't be made",
        "`rackform move APP RACK` begins a move of an app that has a rack, and `--finish` or `--abort` ends it. One app makes one move at a time, and only to a rack that its pin allows.";
    MOVING = "RF0517" Note "an app is on its way to another rack",
        "A target group belongs to one load balancer, so an app moves in three steps: it is deployed on the new rack too, DNS is changed, and it is taken from the old rack. Until the last step it costs its demand on both racks.";

    LISTENER = "RF0518" Error "not what the AWS CLI printed of a listener",
        "`rackform adopt` reads what `aws elbv2 describe-rules` printed of one listener, whole and unchanged, and with `--certificates` what `describe-listener-certificates` printed. A rule that is left out would be taken for gone, so nothing is taken from a file that is not whole.";
    ADOPTION = "RF0519" Error "a listener that can't be adopted",
        "The rules that were saved stand on one listener: that of one rack, on its public or its internal router, on port 80 or 443. `--rack`, `--internal` and `--port` say which.";
    LISTENER_AND_LOCK = "RF0520" Error "the listener is not what the lock says",
        "A number or a host stands on the listener in another way than the lock has it. Numbers that are deployed must not be guessed, so nothing is taken over. Either the lines of the lock were never deployed and can be removed, or the file is about another listener.";
    SHADOWED_BY_STRANGER = "RF0521" Warning "a rule of others comes first",
        "The rule with the lowest number wins. A rule that is not rackform's matches a host of an app and comes before its rule, so no request for that host gets to the app. A rule that looks at more than the host is not held against ours.";
    RACK_REPLACED = "RF0522" Error "what apps import of a rack would be replaced",
        "Apps import the VPC and the listeners of their rack, and tasks with addresses of their own import its subnets and the security groups of its routers. CloudFormation neither changes an export that is in use nor attaches a target group to a second load balancer, so a rack with apps on it keeps its VPC, the name of its internal router, and what else the lock says that apps import. Declare another rack and move the apps.";
    NEARLY_FULL = "RF0523" Note "racks that will soon be full",
        "A router holds a limited number of rules, target groups and certificates. New apps leave the headroom of a rack free, so that those that are there can grow. Here a router has less than its headroom left, or one more app that asks for as much as the apps of the fleet do on average would find room on none of the racks that may be open. Nothing is wrong yet, and `--strict` does not make an error of it. `--verbose` says how full each router is, which quota binds first and how many apps more have room.";

    TEMPLATE_LIMIT = "RF0601" Error "a template is larger than CloudFormation takes",
        "A template has at most 500 resources, 200 outputs and 1 MB, and CloudFormation refuses a larger one. Split the app; two apps may live on one rack.";
    BUG = "RF0602" Error "a fault of rackform",
        "What was rendered is not what was meant, so nothing is written. Please report this with the manifest.";
    NOT_WRITTEN = "RF0603" Error "the output can't be written",
        "No file is left half-written: each is either as it was or as it should be, and files that rackform did not write, links among them, are never overwritten. The message names the file, what the system said of it, and whether anything was changed. Where files had begun to take their places, `deploy.sh` and `plan` refuse the folder until a compile has finished it.";
    OUTPUT_UNREADABLE = "RF0604" Error "an output that can't be read",
        "A plan is held against what an earlier compile wrote. A file of it is missing, or is no longer what a compile writes, so nobody can say what changes. Restore the folder from version control, or compile once more what is deployed.";
    REVISION = "RF0605" Error "nothing to compare with",
        "`--against` takes a folder that a compile wrote, the folder of a project, or a revision that git knows in this repository, such as `main`, `origin/main` or `HEAD~1`. Of a revision the output is taken if it was committed, and is compiled from its manifests if not; so these must compile.";
    NOTHING_BEFORE = "RF0606" Warning "a plan against nothing",
        "There is a lock, so something was compiled before; and there are no templates of it, so the plan shows every stack as new. Compile what is deployed into the folder first, or name what to compare with, such as `--against main`.";
    OVERTAKEN = "RF0607" Error "a file has changed while rackform ran",
        "Between reading and writing, somebody else changed the lock, or a file that is to be mended: another rackform, an editor, a checkout. What this run came to begins from the text of before, and would take that change back; so nothing is written. Run it again.";

    SIZE_ROUNDED = "RF0701" Note "a size that Fargate rounds up",
        "Fargate has fixed pairs of CPU and memory. The smallest pair that holds both is taken; write it in `scale` to see in the manifest what is paid for. Services on instances get exactly what they ask for.";
    SIZE_TOO_LARGE = "RF0702" Error "a size that Fargate does not have",
        "The largest task of Fargate has 16384 CPU units and 122880 MiB. `FargateServices: No` runs the app on instances of the rack, as large as you choose them.";
    SIZE_RANGE = "RF0703" Error "a size or a count that ECS refuses",
        "A process has at least 1 CPU unit, of which 1024 are a core, and 6 MiB of memory, Docker's least; and a service has no fewer than 0 processes.";
    CANNOT_ROLL = "RF0704" Error "bounds that no deployment can keep",
        "A rolling deployment starts new processes up to `maximum` per cent of the count, and stops old ones down to `minimum` per cent. Where the count rounds both to itself, nothing may be started and nothing may be stopped: the deployment waits for ever.";
    DEPLOYMENT_RANGE = "RF0705" Error "bounds of a deployment that ECS refuses",
        "`minimum` goes from 0 to 100 and is no more than `maximum`, which is at least 1, both in per cent of the count. An instance holds one process of an agent, so the `maximum` of an agent is 100.";
    CUTS_REQUESTS = "RF0706" Warning "a stop that can cut requests off",
        "When a process is replaced, its target drains for `drain` seconds, and its container is killed `termination.grace` seconds after it was asked to stop. Where the container has less time than the target, a request that the target would still have waited for is cut off. Keep the two in step; Fargate gives a container 120 seconds at the most.";
    TIME_RANGE = "RF0707" Error "a time that ECS refuses",
        "A container has 0 seconds or more to stop, and at most 120 on Fargate. After its start, failing health checks may be ignored for 0 seconds or more. The autoscaler waits for 0 seconds or more between two steps.";
    NEEDS_INSTANCES = "RF0708" Error "a service that Fargate can't run, on a rack without instances",
        "Agents run once on each instance, `privileged` gives a container the instance's rights, host volumes are folders of an instance, and `FargateServices: No` asks for instances. The rack's `compute: fargate` rules them out.";
    REQUESTS_WITHOUT_PORT = "RF0709" Error "a request target for a service without a port",
        "`targets.requests` counts the requests that a router sends to each process. A service without a port gets none, so there is nothing to count; Convox makes a stack of it that CloudFormation refuses.";
    BAD_IMAGE = "RF0710" Error "an image for nobody",
        "`images` in rackform.yml and `--image` give services their images. The service must be one of the app's; where there are several apps, `--image APP/SERVICE=IMAGE` says of which.";
    VOLUME_LOST = "RF0711" Warning "a volume that does not outlive its process",
        "On Fargate a volume is a folder of the task and goes with it; every process has its own. Keep data in a database or a bucket, or run the app on instances (`FargateServices: No`), where a volume is a folder of the instance.";
    VOLUME_SHAPE = "RF0712" Error "a volume that can't be mounted",
        "A volume is the path in the container, or `SOURCE:PATH`, where the source names a folder of the instance that the services of an app share. The path is absolute, and no two volumes of a service have the same.";
    SECRET_NAME = "RF0713" Error "a variable that can't be a secret",
        "A variable without a value becomes a secret: a parameter of the Systems Manager under /<rack>/<app>/. Its name has letters, digits, `_`, `-` and `.`, and what begins with aws or ssm is not ours to use there, nor for a rack with secrets.";
    AGENT_PORT = "RF0714" Error "a port that an agent can't have",
        "A port of an agent is a port of every instance, 1 to 65535, over tcp or udp. On a rack each can be taken once, by one agent of one app; 22, 2375, 2376 and 51678 to 51680 belong to SSH, Docker and ECS, and 3000 to the rack API, or 3100 with `PrivateApi`.";
    POLICY_ARN = "RF0715" Error "not the ARN of a policy",
        "`policies` names IAM policies by their ARNs, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess. A role has at most 10 of them, with that of the app parameter `IamPolicy`.";
    VOLUME_ELSEWHERE = "RF0716" Warning "a file system that is not provisioned",
        "Resources are not provisioned, so a volume on a resource of type efs is not mounted. Mount it by other means, or keep the service on Convox.";
    NO_NETWORK_BALANCER = "RF0717" Error "a rack without the network balancer",
        "`nlb` ports stand on the rack's network balancers: the public one with the rack parameter `NLB: Yes`, the internal one with `NLBInternal: Yes`. Convox refuses such a service too.";
    NETWORK_PORT_TAKEN = "RF0718" Error "one network port for two apps",
        "A network balancer has one listener a port, whichever app it leads to. Choose another port, or pin one of the apps to another rack.";
    NETWORK_PORTS = "RF0719" Error "more network ports than a network balancer has",
        "A network balancer has at most 50 listeners, and a service of ECS at most 5 target groups, those on the routers counted.";
    API_WITHOUT_INSTANCES = "RF0721" Error "a rack that can't run its API",
        "The rack API stands behind a classic load balancer, which leads to a fixed port of instances and not to tasks on Fargate. So `api` goes neither with `compute: none` nor with `compute: fargate`. Without `compute`, instances stand because the API needs them. An external rack has its API from whoever owns it.";
    API_CAN_T_ROLL = "RF0722" Error "more API processes than an update can replace",
        "The balancer leads to one port of each instance, so an instance holds one process of the API. An update starts new processes before it has stopped the old ones, and finds no port unless there are more instances than processes. Lower `ApiCount`, or raise `InstanceCount`.";
    TAG = "RF0723" Error "a tag that AWS refuses",
        "A key has 1 to 128 characters and a value at most 256: letters, digits, blanks and _.:/=+-@. What begins with `aws:` is AWS's own. A resource has at most 50 tags, and IAM, which a service with `policies` has a role in, tells no keys apart by case. `App`, `Rack` and `Service` are on every resource; a service may give them other values.";
    METRIC_TARGET = "RF0724" Error "a metric that can't be kept",
        "A custom target names a metric of CloudWatch as NAMESPACE/NAME and the `value` to keep, which is more than 0. Application Auto Scaling refuses anything else.";
    NO_WAY_OUT = "RF0725" Error "private tasks without private subnets",
        "`Private: Yes` puts the tasks of an app into the private subnets of its rack. In a network that rackform makes, only `Private: Yes` of the rack gives them a way out, without which no image can be fetched; a network that is brought lists them under `private_subnets`.";

    CONVOX_ROUTER_FULL = "RF0801" Error "more than a router of Convox holds",
        "Convox has one public and one internal load balancer for all apps of a rack, and makes a rule for each host. AWS takes 100 rules over all listeners of a balancer unless the quota was raised, and 100 target groups in any case. Counted in the order of names, the app that is named is the first one without room: its deployment would fail and roll back.";
    CONVOX_PRIORITY_IN_USE = "RF0802" Error "two rules of Convox with one number",
        "Convox hashes app, service and host to the number of a rule and checks nothing. Two rules of one listener with one number can't be: AWS answers PriorityInUse, the update rolls back, and every further attempt gets the same number. Only another name of the app, of the service or of the domain helps, or another place of the domain in its list. rackform looks for a number that is free.";
    CONVOX_SAME_NAMES = "RF0803" Error "names that spell the same",
        "Convox joins app and service with a dash, for the default host and for the number of its rule. App `foo-bar` with service `web` and app `foo` with service `bar-web` both are `foo-bar-web`: one host and one number. Whichever is deployed later fails. Rename one of them.";
    CONVOX_HOST_TAKEN = "RF0804" Error "two services claim one host on Convox",
        "Convox makes a rule for each of them. The one with the lower number answers every request and the other one is dead, without a word; which it is depends on a hash of the names.";
    CONVOX_SWALLOWED = "RF0805" Error "a wildcard comes before a host inside of it",
        "The rule with the lowest number answers. Convox puts hosts that begin with `*.` behind all others, but orders them by a hash among themselves, and takes any other pattern, such as `shop-*.example.org`, for an exact host. Here the wider pattern has the lower number, so the narrower host is never reached. rackform puts a pattern behind everything that is inside of it.";
    CONVOX_UNCLEAR_ORDER = "RF0806" Warning "hosts that two services match in no clear order",
        "A host matches the rules of two services, and nothing that the manifests say decides which comes first: neither pattern is inside the other, or the narrower one comes first only because a hash of the names says so. Today it may be as it was meant. Another name, or another place of a domain in its list, changes the hash and with it who answers.";
    CONVOX_CERTIFICATES = "RF0807" Warning "more certificates than a router of Convox takes",
        "Convox gives each service with domains one certificate: one that exists in the account and whose names cover every domain of the service, or else a new one. A balancer takes 25 beside its default one unless AWS has raised the quota. Certificates that exist are known here only where `certificates` of the rack in rackform.yml lists them, so this may count too many.";
    CONVOX_NEXT_COLLISION = "RF0808" Note "a new app may meet a number that is taken",
        "Each rule of Convox gets one of 25,000 numbers by a hash of its names, so the more rules stand on a listener the likelier it is that a new app, or a new domain, can't be deployed at all. With t numbers taken, n new rules meet none with the probability (1 − t/25000) · (1 − (t+1)/25000) · … of n factors.";
    CONVOX_COVERED = "RF0809" Note "a wildcard covers hosts of other apps",
        "The hosts come first on Convox, since it puts what begins with `*.` behind everything else. All other hosts below the wildcard go to the app that has it, those that another app forgot to claim too.";
    CONVOX_NO_TARGET = "RF0810" Error "autoscaling that Convox can't deploy",
        "Convox writes a scaling policy for every target. For an agent it writes no scalable target, and without a port there is no target group whose requests could be counted: the policy refers to something that the template does not have, and CloudFormation refuses it.";
    CONVOX_INTERNAL_ONLY = "RF0811" Error "a service that an internal-only rack refuses",
        "A rack with `InternalOnly: Yes` refuses every release with a service that is not `internal`, also one that has no port.";
    CONVOX_CHANGED_VALUE = "RF0812" Warning "a value that Convox changes",
        "Convox deploys another value than the one that is written: its templates escape `&`, `+`, `<`, `>` and quotes as in HTML, numbers lose zeros at the end or what is behind the point, and what stands behind a second colon of `port` is dropped.";
    CONVOX_MERGED_KEY = "RF0813" Warning "a key that is merged and written",
        "YAML says that a key of its own hides the merged one. Convox puts what `<<` brings in its place as text: the later one of two values counts, lists of `command` are joined, and of the earlier one of two blocks of `deployment`, `termination` or `scale` some keys are lost.";
    CONVOX_EMPTY_COUNTS = "RF0814" Warning "a key without a value that counts",
        "Convox asks whether a key is written and not whether it has a value. `sticky:` with nothing behind it switches stickiness off, an empty number is 0, and of `cooldown` a side that is not written is 0 seconds. Write the value, or remove the key.";
    CONVOX_VALUE_IS_YAML = "RF0815" Warning "a value that Convox reads as YAML",
        "Convox puts the value of `${NAME}` into the text before it reads the YAML, without quotes. A comma, a colon, a `#`, a quote or a line break in the value then changes what the manifest says. rackform puts it in afterwards, so the two differ here. Put the scalar in quotes, or change the value.";
    CONVOX_NEVER_HEALTHY = "RF0816" Warning "a public target group that can't get healthy",
        "Tasks with addresses of their own, by `FargateServices` or by `Isolate` on a private rack, get a security group from Convox that lets the internal router in and not the public one. A service with `internalAndExternal` is then never healthy on the public router. This was read from Convox's template.";
    CONVOX_RANDOM_METRICS = "RF0817" Warning "custom metrics in random order",
        "Convox numbers the scaling policies of several custom metrics in an order that changes from run to run, so a deployment may replace policies although nothing has changed.";
    CONVOX_FIRST_DEPLOY = "RF0818" Note "a scale that counts on the first deploy only",
        "Count, CPU and memory of `scale` are defaults of the parameter `<Service>Formation` of the app's stack, and CloudFormation keeps the value that a parameter has. After the first deploy only `convox scale`, or `params` of the manifest with that parameter, changes them; what `scale` says is ignored without a word.";
    CONVOX_UNKNOWN = "RF0819" Note "a value that only the app's environment knows",
        "Convox replaces `${NAME}` by what `convox env set` gave the app. `rackform doctor` does not see that and takes a domain for one host of which nothing is known, and anything else as not written. Give it the value with `--env NAME=VALUE`, with `--env-file FILE`, or in `environment` of the app in rackform.yml.";
    CONVOX_UNCERTIFIABLE = "RF0820" Warning "a domain that no new certificate can name",
        "Convox asks ACM for a certificate with every domain of a service, unless one in the account covers them all. ACM takes `*` as the whole first label and nowhere else, so it refuses a pattern such as `shop-*.example.org`, and the deployment fails unless there is a certificate for `*.example.org`. Certificates are known here only where `certificates` of the rack in rackform.yml lists them.";

    CHANGE_SET = "RF0901" Error "a change set or a plan that can't be trusted",
        "`verify` reads what `aws cloudformation describe-change-set` printed and what `plan --format json` printed. One of them is something else, is not whole, is not ready, or can't be executed any more. A change set that CloudFormation could not make says why in its `StatusReason`.";
    UNREVIEWED = "RF0902" Error "the account would do what nobody reviewed",
        "The change set does something to a resource that the plan does not say, or makes anew what the plan changes in place. The stack is not in the state that the plan was held against: somebody has changed it by hand or deployed something else, or the template is another one. Attributes that CloudFormation lists only because it can't rule out that they change, such as the ARN of a role whose policy changes, do not count.";
    UNDONE = "RF0903" Error "the account would not do what was reviewed",
        "The plan says that a resource changes, and the change set leaves it as it is. Probably it was deployed already, or another template is about to be deployed. Where only whoever deployed knows the value of a parameter, as with images, nobody can say before, and that is no difference.";
    NOT_VERIFIED = "RF0904" Note "a stack of the plan without a change set",
        "The plan changes more stacks than there are change sets. They are verified one by one, each before it is executed.";
}

/// The code with this id, in any case; `rf204` and `204` are short for RF0204.
pub fn find(id: &str) -> Option<&'static Code> {
    let number = number(id)?;
    CODES.iter().copied().find(|code| code.id[2..] == number)
}

/// The four digits of an id, if it is written as one.
pub(super) fn number(id: &str) -> Option<String> {
    let digits = id.get(..2).filter(|begin| begin.eq_ignore_ascii_case("rf")).map_or(id, |_| &id[2..]);
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{digits:0>4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_documented() {
        assert!(CODES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for code in CODES {
            assert!(code.id.len() == 6 && code.id.starts_with("RF"), "{}", code.id);
            assert!(code.docs.len() > 30 && code.docs.ends_with('.'), "{}", code.id);
            assert!(!code.title.ends_with('.'), "{}", code.id);
        }
        for id in ["rf0101", "RF0101", "Rf101", "101", "0101"] {
            assert_eq!(find(id), Some(&WRONG_SHAPE), "{id}");
        }
        for id in ["", "rf", "RF00101", "00101", "RF 101", "+101", "éa1", "9999"] {
            assert_eq!(find(id), None, "{id}");
        }
    }

    #[test]
    fn every_code_has_a_family_and_every_family_a_code() {
        for code in CODES {
            assert_eq!(FAMILIES.iter().filter(|(family, _)| code.id.starts_with(family)).count(), 1, "{}", code.id);
        }
        for (family, _) in FAMILIES {
            assert!(CODES.iter().any(|code| code.id.starts_with(family)), "{family}");
        }
    }
}
