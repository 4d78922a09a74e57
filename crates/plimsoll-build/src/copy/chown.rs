use std::io::Read;
use std::path::Path;

use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;

/// Who a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Owner {
    pub(crate) const ROOT: Self = Self { uid: 0, gid: 0 };
}

/// An `/etc/passwd` larger than this is not read.
const MAX_DATABASE: u64 = 16 << 20;

/// What a `--chown` means in an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) owner: Owner,
    /// What is not known there, for people: ``user `app` in `/etc/passwd` ``.
    pub(crate) unknown: Vec<String>,
}

/// The owner that `user[:group]` means in the image at `root`. Names are looked up in its `/etc/passwd` and
/// `/etc/group`. Without a group, a user's name brings the user's own group, and a number itself. A user who is not
/// known is root, a group that is not known is the user's, and an empty one behind a colon is root's, as BuildKit has it.
pub(crate) fn resolve(root: &Rooted, text: &str) -> Result<Found, Problem> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let mut unknown = Vec::new();
    let owner = match user.parse::<u32>() {
        Ok(id) => Owner { uid: id, gid: id },
        Err(_) if user.is_empty() => Owner::ROOT,
        Err(_) => find_user(&read_database(root, "etc/passwd")?, user).unwrap_or_else(|| {
            unknown.push(format!("user `{user}` in `/etc/passwd`"));
            Owner::ROOT
        }),
    };
    let gid = match group.map(|group| (group, group.parse::<u32>())) {
        None => owner.gid,
        Some((_, Ok(id))) => id,
        Some(("", _)) => Owner::ROOT.gid,
        Some((group, Err(_))) => find_group(&read_database(root, "etc/group")?, group).unwrap_or_else(|| {
            unknown.push(format!("group `{group}` in `/etc/group`"));
            owner.gid
        }),
    };
    let owner = Owner { gid, ..owner };
    Ok(Found { owner, unknown })
}

/// The text of a database; empty where there is none.
fn read_database(root: &Rooted, path: &str) -> Result<Vec<u8>, Problem> {
    let found = root
        .resolve(Path::new(path))
        .doing("cannot read", Path::new("/").join(path))?;
    let mut content = Vec::new();
    match root.open_file(&found) {
        Ok(file) => file.take(MAX_DATABASE).read_to_end(&mut content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
    .doing("cannot read", Path::new("/").join(path))?;
    Ok(content)
}

/// `name:password:uid:gid:...`
fn find_user(passwd: &[u8], name: &str) -> Option<Owner> {
    rows(passwd, name).find_map(|fields| {
        Some(Owner {
            uid: number(fields.get(2)?)?,
            gid: number(fields.get(3)?)?,
        })
    })
}

/// `name:password:gid:...`
fn find_group(group: &[u8], name: &str) -> Option<u32> {
    rows(group, name).find_map(|fields| number(fields.get(2)?))
}

fn rows<'a>(database: &'a [u8], name: &'a str) -> impl Iterator<Item = Vec<&'a [u8]>> {
    database
        .split(|byte| *byte == b'\n')
        .map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>())
        .filter(move |fields| fields[0] == name.as_bytes())
}

fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        std::fs::write(
            dir.path().join("etc/passwd"),
            "root:x:0:0::/:\nbroken\napp:x:1000:1001::/:\n",
        )
        .unwrap();
        std::fs::write(dir.path().join("etc/group"), "web:x:33:\n").unwrap();
        let root = Rooted::open(dir.path()).unwrap();
        for (text, uid, gid) in [
            ("app", 1000, 1001),
            ("app:web", 1000, 33),
            ("app:5", 1000, 5),
            ("7", 7, 7),
            ("7:web", 7, 33),
            ("7:8", 7, 8),
            ("app:", 1000, 0),
            ("root", 0, 0),
        ] {
            let found = resolve(&root, text).unwrap();
            assert_eq!(found.owner, Owner { uid, gid }, "{text}");
            assert!(found.unknown.is_empty());
        }
        for (text, uid, gid) in [("nobody", 0, 0), ("broken", 0, 0), ("app:nobody", 1000, 1001)] {
            let found = resolve(&root, text).unwrap();
            assert_eq!(found.owner, Owner { uid, gid }, "{text}");
            assert_eq!(found.unknown.len(), 1);
        }
    }
}
