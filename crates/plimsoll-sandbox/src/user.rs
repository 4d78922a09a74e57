//! Users and groups by name or number, from the `/etc/passwd` and `/etc/group` of a root file system.

use crate::error::{Error, Result};

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Supplementary groups, the own one first.
    pub(crate) groups: Vec<u32>,
    pub(crate) home: String,
}

/// Resolves what `USER` or `--user` says: `user`, `uid`, `user:group`, `uid:gid`, or nothing for root.
///
/// As with Docker a number needs no entry, a name does; supplementary groups come from the group file only
/// where no group is named.
pub(crate) fn resolve(text: &str, passwd: &str, group: &str) -> Result<Identity> {
    let (user, named_group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = id(user);
    let entry = passwd
        .lines()
        .filter_map(Account::parse)
        .find(|account| account.name == user || Some(account.uid) == number);
    let mut identity = match (&entry, number) {
        (Some(account), _) => Identity {
            uid: account.uid,
            gid: account.gid,
            groups: Vec::new(),
            home: account.home.to_owned(),
        },
        (None, Some(uid)) => Identity {
            uid,
            gid: 0,
            groups: Vec::new(),
            home: "/".to_owned(),
        },
        (None, None) => {
            return Err(Error::InvalidOption(format!(
                "unable to find user `{user}`: no matching entries in the passwd file"
            )));
        }
    };
    let mut groups = group.lines().filter_map(Group::parse);
    match named_group {
        Some(named) => {
            let number = id(named);
            let found = groups.find(|group| group.name == named || Some(group.gid) == number);
            identity.gid = found.map(|group| group.gid).or(number).ok_or_else(|| {
                Error::InvalidOption(format!(
                    "unable to find group `{named}`: no matching entries in the group file"
                ))
            })?;
            identity.groups.push(identity.gid);
        }
        None => {
            identity.groups.push(identity.gid);
            if let Some(account) = entry {
                let member = |group: &Group<'_>| group.members.split(',').any(|name| name == account.name);
                for group in groups.filter(member) {
                    if !identity.groups.contains(&group.gid) {
                        identity.groups.push(group.gid);
                    }
                }
            }
        }
    }
    if identity.home.is_empty() {
        "/".clone_into(&mut identity.home);
    }
    Ok(identity)
}

/// A user or group id: the largest values mean "leave it as it is" to the kernel and are no ids.
fn id(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().filter(|id| *id <= i32::MAX as u32)
}

struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

impl<'a> Account<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.trim().split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let (uid, gid) = (fields.nth(1)?, fields.next()?);
        Some(Self {
            name,
            uid: id(uid)?,
            gid: id(gid)?,
            home: fields.nth(1).unwrap_or(""),
        })
    }
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

impl<'a> Group<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.trim().split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        Some(Self {
            name,
            gid: id(fields.nth(1)?)?,
            members: fields.next().unwrap_or(""),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nbad\napp:x:1000:1001:App:/srv/app:/bin/sh\nodd:x:7:8::";
    const GROUP: &str = "root:x:0:root\nwheel:x:10:root,app\napp:x:1001:\nvideo:x:27:app\n";

    fn ids(text: &str) -> (u32, u32, Vec<u32>, String) {
        let identity = resolve(text, PASSWD, GROUP).unwrap();
        (identity.uid, identity.gid, identity.groups, identity.home)
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(ids(""), (0, 0, vec![0, 10], "/root".into()));
        assert_eq!(ids("app"), (1000, 1001, vec![1001, 10, 27], "/srv/app".into()));
        assert_eq!(ids("1000"), ids("app"));
        assert_eq!(ids("app:wheel"), (1000, 10, vec![10], "/srv/app".into()));
        assert_eq!(ids("4242"), (4242, 0, vec![0], "/".into()));
        assert_eq!(ids("4242:99"), (4242, 99, vec![99], "/".into()));
        assert_eq!(ids("odd"), (7, 8, vec![8], "/".into()));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(user in "[a-z0-9:]{0,8}", passwd in "[a-z0-9:,\n]{0,60}", group in "[a-z0-9:,\n]{0,60}") {
            if let Ok(identity) = resolve(&user, &passwd, &group) {
                proptest::prop_assert_eq!(identity.groups.first(), Some(&identity.gid));
            }
        }
    }

    #[test]
    fn unknown_names_are_errors() {
        for text in ["nobody", "app:nogroup", "-1", "4294967295", "0:4294967295"] {
            assert!(resolve(text, PASSWD, GROUP).is_err(), "{text} was accepted");
        }
    }
}
