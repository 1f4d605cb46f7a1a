//! The CPU quota of the process's control group and of those above it, version 1 and 2. (cgroups(7))
//!
//! # How it works
//! `/proc/self/cgroup` says in which group the process is, `/proc/self/mountinfo` where groups are to be seen: the group's
//! directory is the mount point, then what is left of the group's path behind the root of the mount. Both are seen from the
//! process's cgroup namespace, so in a container the group is often `/` and what is above is hidden. A path with `..` is
//! outside of the namespace, and cannot be found.
//!
//! If a hierarchy of version 1 has the `cpu` controller, the quotas are there, also where version 2 is mounted beside it.
//!
//! All is read below a root, so that tests can make up a system. What is missing or makes no sense limits nothing. What is there but
//! cannot be read, for want of a descriptor, say, changes nothing: the last quota counts on.

mod membership;
mod mounts;
mod quota;

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use self::{membership::Membership, mounts::Mount, quota::Unreadable};

/// Which generation of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The process's group as it was found.
#[derive(Clone, Debug)]
pub(super) struct Cgroups {
    root: PathBuf,
    /// `None`: it is in none.
    group: Result<Option<Group>, Unreadable>,
    /// The quota that was read last.
    last: Option<usize>,
}

#[derive(Clone, Debug)]
struct Group {
    version: Version,
    /// Its own first, then those above, as far as they are mounted.
    directories: Vec<PathBuf>,
}

impl Cgroups {
    /// Finds the group of this process, on a system whose files are below `root`.
    pub(super) fn find(root: &Path) -> Cgroups {
        let root = root.to_owned();
        let group = Group::find(&root);
        Cgroups {
            root,
            group,
            last: None,
        }
    }

    /// The tightest quota, in CPUs, rounded up; the last one, where that cannot be read now. `None`: there is none.
    pub(super) fn quota(&mut self) -> Option<usize> {
        if let Ok(quota) = self.read() {
            self.last = quota;
        }
        self.last
    }

    fn read(&mut self) -> Result<Option<usize>, Unreadable> {
        let found = self.group.as_ref();
        if found.map_or(true, |group| group.as_ref().is_some_and(Group::is_gone)) {
            self.group = Group::find(&self.root);
        }
        match &self.group {
            Ok(Some(group)) => group.quota(),
            Ok(None) => Ok(None),
            Err(Unreadable) => Err(Unreadable),
        }
    }
}

impl Group {
    fn find(root: &Path) -> Result<Option<Group>, Unreadable> {
        let groups = quota::there(fs::read(root.join("proc/self/cgroup")))?;
        let mounts = quota::there(fs::read(root.join("proc/self/mountinfo")))?;
        let both = groups.zip(mounts);
        Ok(both.and_then(|(groups, mounts)| Group::of(root, &groups, &mounts)))
    }

    fn of(root: &Path, groups: &[u8], mounts: &[u8]) -> Option<Group> {
        let Membership { version, path } = membership::of_cpu(groups)?;
        let (mount, below) = mounts::of(mounts, version)
            .filter_map(|mount| below(path, &mount).map(|below| (mount, below)))
            // Where most of those above are to be seen; of equals the one that was mounted last, over the others.
            .max_by_key(|(_, below)| below.components().count())?;
        let top = root.join(below_root(&mount.point));
        let directories = below.ancestors().map(|below| top.join(below));
        let group = Group {
            version,
            directories: directories.collect(),
        };
        (!group.is_gone()).then_some(group)
    }

    fn is_gone(&self) -> bool {
        !self.directories[0].is_dir()
    }

    fn quota(&self) -> Result<Option<usize>, Unreadable> {
        let mut tightest = None;
        for directory in &self.directories {
            let quota = quota::of(self.version, directory)?;
            tightest = tightest.into_iter().chain(quota).min();
        }
        Ok(tightest)
    }
}

/// The group's path as seen from the mount: empty if it is the mount's root. `None`: it is not to be seen there.
fn below(group: &[u8], mount: &Mount) -> Option<PathBuf> {
    let group = Path::new(OsStr::from_bytes(group));
    let below = group.strip_prefix(&mount.root).ok()?;
    let outside = below.components().any(|it| it == Component::ParentDir);
    (!outside).then(|| below.to_owned())
}

/// An absolute path without its first slash: [`Path::join`] would forget what is before it.
fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

#[cfg(test)]
mod tests;
