// The AWS CDK: what `cdk synth` runs, without the CLI around it.
//
//     node app.js fleet.json OUT [high-level] [unchecked]
//
// `high-level` takes the constructs that the guides teach in place of one for each resource, and
// `unchecked` switches off the validation of templates that the CDK does unless it is told not to.
// It is told the fleet with every default filled in, where each app lives and the number of each rule.
"use strict";
const fs = require("node:fs");
const { App, DefaultStackSynthesizer } = require("aws-cdk-lib");
const { AppStack } = require("./app_stack");
const { HighLevelAppStack } = require("./high_level");
const { RackStack } = require("./rack");

const [source, outdir, ...options] = process.argv.slice(2);
const apps = JSON.parse(fs.readFileSync(source, "utf8"));
const app = new App({
  outdir,
  analyticsReporting: false,
  builtinCloudFormationValidation: !options.includes("unchecked"),
});
const Made = options.includes("high-level") ? HighLevelAppStack : AppStack;
const properties = () => ({
  synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
});
for (const rack of new Set(apps.map((each) => each.rack))) new RackStack(app, rack, properties());
for (const each of apps) new Made(app, each, properties());
app.synth();
