//! Stacks to text. Templates look like the CloudFormation they become; values can't change its structure, and the
//! text is read back before it counts.

mod dialect;
mod environment;
mod events;
mod outline;
mod read;
mod references;
mod scalar;
#[cfg(test)]
mod testing;
mod tokens;
mod verify;

use std::error::Error as _;
use std::sync::LazyLock;

use minijinja::Environment;
use minijinja::value::{Serde, Value};
use serde::Serialize;

pub use read::{Map, Node};
pub use references::references;
pub use scalar::quote;
pub use verify::{Fault, MAX_BYTES, MAX_OUTPUTS, MAX_PARAMETERS, MAX_RESOURCES, verify};

/// Make the templates ready, which else is done when the first one is rendered.
pub fn warm_up() {
    LazyLock::force(&environment::ENVIRONMENT);
}

/// Render a file of `templates/`. An error is a fault of ours and names the template, the line and the reason.
pub fn render(template: &str, context: &impl Serialize) -> Result<String, String> {
    let env = environment::ENVIRONMENT.as_ref().map_err(Clone::clone)?;
    render_in(env, template, context)
}

fn render_in(env: &Environment<'_>, template: &str, context: &impl Serialize) -> Result<String, String> {
    let rendered = env.get_template(template).and_then(|found| found.render(Value::from(Serde(context))));
    rendered.map_err(|error| {
        // An error inside of an included file comes wrapped; the innermost one names the line.
        let mut text = error.to_string();
        let mut inner = error.source();
        while let Some(source) = inner {
            text = format!("{text}: {source}");
            inner = source.source();
        }
        text
    })
}

/// Read a template: fast where it is written as ours are, and else as any YAML without tags. A key that comes twice is
/// an error, which says what is wrong in the words of the parser.
pub fn read(text: &str) -> Result<Node<'_>, String> {
    let mut builder = read::Builder::default();
    match dialect::tell(text, &mut builder).and_then(|()| builder.document()) {
        Some(document) => Ok(document),
        None => read_whole(text),
    }
}

/// Read it as any YAML without tags.
fn read_whole(text: &str) -> Result<Node<'_>, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// Whether CloudFormation takes the text for the name of a resource, parameter or output: 1 to 255 ASCII letters and
/// digits.
pub fn is_logical_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
