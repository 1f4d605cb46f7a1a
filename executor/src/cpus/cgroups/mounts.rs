//! `/proc/self/mountinfo`: one line for each mount. (proc_pid_mountinfo(5))
//!
//! ```text
//!   36 35 98:0 /root /point rw,noatime master:1 - cgroup cgroup rw,cpu,cpuacct
//!              (4)   (5)              (7, some)   (9)           (11)
//! ```

use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use super::Version;

/// Where a hierarchy is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Which group stands at the mount point.
    pub(super) root: PathBuf,
    pub(super) point: PathBuf,
}

/// Where the hierarchy that has the `cpu` controller is mounted.
pub(super) fn of(text: &[u8], version: Version) -> impl Iterator<Item = Mount> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter_map(move |line| parse(line, version))
}

fn parse(line: &[u8], version: Version) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let (root, point) = (fields.nth(3)?, fields.next()?);
    let mut fields = fields.skip_while(|&field| field != b"-").skip(1);
    let (kind, options) = (fields.next()?, fields.nth(1)?);
    let mut options = options.split(|&byte| byte == b',');
    let fits = match version {
        Version::One => kind == b"cgroup" && options.any(|option| option == b"cpu"),
        Version::Two => kind == b"cgroup2",
    };
    fits.then(|| Mount {
        root: unescape(root),
        point: unescape(point),
    })
}

/// Spaces, tabs, line ends and backslashes are written as `\` and three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, others @ ..] = rest {
        let (byte, length) = match (first, octal(others)) {
            (b'\\', Some(byte)) => (byte, 4),
            _ => (*first, 1),
        };
        path.push(byte);
        rest = &rest[length..];
    }
    Path::new(&OsString::from_vec(path)).to_owned()
}

fn octal(text: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(text.get(..3)?).ok()?;
    u8::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"\
        23 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
        31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - tmpfs tmpfs rw,mode=755\n\
        32 31 0:29 /docker/a\\040b /sys/fs/cgroup/cpu,cpuacct rw master:3 propagate_from:2 - cgroup cgroup rw,cpu,cpuacct\n\
        33 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
        34 31 0:38 /../.. /sys/fs/cgroup/uni\\134fied rw - cgroup2 cgroup2 rw\n\
        35 31 0:38 / /cut";

    fn mounts(version: Version) -> Vec<(String, String)> {
        of(TEXT, version)
            .map(|mount| {
                (
                    mount.root.display().to_string(),
                    mount.point.display().to_string(),
                )
            })
            .collect()
    }

    #[test]
    fn each_version_has_its_mounts() {
        let one = (
            "/docker/a b".to_owned(),
            "/sys/fs/cgroup/cpu,cpuacct".to_owned(),
        );
        assert_eq!(mounts(Version::One), [one]);
        let two = ("/../..".to_owned(), "/sys/fs/cgroup/uni\\fied".to_owned());
        assert_eq!(mounts(Version::Two), [two]);
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["/a\\", "/a\\1", "/a\\9zz", "/a\\777"] {
            assert_eq!(unescape(text.as_bytes()), Path::new(text));
        }
    }
}
