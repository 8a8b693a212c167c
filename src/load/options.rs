//! What the command line gives apps: variables and images.

use super::Request;
use super::fetch::read;
use crate::diagnostics::codes::{BAD_ENV, BAD_IMAGE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{AppImage, AppSource};
use crate::source::{Files, Place, Span, Variables};

/// `--env-file`s, then `--env`s.
pub(super) fn variables(request: &Request, files: &mut Files, out: &mut Diagnostics) -> Variables {
    let mut variables = Variables::new();
    for path in &request.env_files {
        let Some(id) = read(path, files, out) else { continue };
        let mut start = 0;
        for line in files.text(id).split_inclusive('\n') {
            let entry = line.trim_end_matches(['\r', '\n']);
            if !entry.trim().is_empty() && !entry.trim_start().starts_with('#') {
                match variable(entry.trim_start()) {
                    Ok((name, value)) => {
                        variables.insert(name.to_owned(), value.to_owned());
                    }
                    Err(help) => {
                        let place = Place { file: id, span: Span { start, end: start + entry.len() } };
                        out.report(Diagnostic::new(&BAD_ENV, place, "this line is not NAME=VALUE").help(help));
                    }
                }
            }
            start += line.len();
        }
    }
    for entry in &request.env {
        match variable(entry) {
            Ok((name, value)) => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            Err(help) => {
                out.report(Diagnostic::nowhere(&BAD_ENV, format!("--env takes NAME=VALUE, not `{entry}`")).help(help));
            }
        }
    }
    variables
}

/// Give apps the images that the command line names.
pub(super) fn images(given: &[String], apps: &mut [AppSource], out: &mut Diagnostics) {
    for entry in given {
        let Some((name, image)) = entry.split_once('=').filter(|(name, image)| !name.is_empty() && !image.is_empty()) else {
            out.report(
                Diagnostic::nowhere(&BAD_IMAGE, format!("--image takes SERVICE=IMAGE, not `{entry}`"))
                    .help("write --image web=REPOSITORY:TAG, or --image APP/web=REPOSITORY:TAG"),
            );
            continue;
        };
        let (app, service) = name.split_once('/').map_or((None, name), |(app, service)| (Some(app), service));
        let found = match (app, &mut *apps) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(app), apps) => apps.iter_mut().find(|known| known.name == app),
        };
        if let Some(found) = found {
            found.images.push(AppImage { service: service.to_owned(), image: image.to_owned(), place: None });
            continue;
        }
        let (what, help) = match app {
            Some(app) => (format!("there is no app `{app}` for --image {entry}"), "name an app of the fleet before the `/`".to_owned()),
            None => (format!("--image {entry} does not say of which app"), format!("write --image APP/{service}={image}")),
        };
        out.report(Diagnostic::nowhere(&BAD_IMAGE, what).help(help));
    }
}

/// Name and value, or what to do about an entry that has none.
fn variable(entry: &str) -> Result<(&str, &str), &'static str> {
    match entry.split_once('=') {
        None => Err("write NAME=VALUE, or NAME= for an empty value"),
        Some(("", _)) => Err("write the name of the variable before the `=`"),
        Some((name, _)) if name.starts_with("export ") => Err("remove `export`: the file is read by rackform, not by a shell"),
        Some((name, _)) if name.contains(char::is_whitespace) => {
            Err("write NAME=VALUE; a name has no blanks, and none stands before the `=`")
        }
        Some(entry) => Ok(entry),
    }
}
