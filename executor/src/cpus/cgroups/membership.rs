//! `/proc/self/cgroup`: one line for each hierarchy, `number:controllers:path`.

use super::Version;

/// Where the process is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Membership<'a> {
    pub(super) version: Version,
    pub(super) path: &'a [u8],
}

/// Where the process is in the hierarchy that has the `cpu` controller.
pub(super) fn of_cpu(text: &[u8]) -> Option<Membership<'_>> {
    let of = |wanted| {
        let found = text.split(|&byte| byte == b'\n').find_map(|line| {
            let (version, path) = parse(line)?;
            (version == wanted).then_some(path)
        });
        found.map(|path| Membership {
            version: wanted,
            path,
        })
    };
    of(Version::One).or_else(|| of(Version::Two))
}

/// `None`: a line of another hierarchy, or none at all.
fn parse(line: &[u8]) -> Option<(Version, &[u8])> {
    let mut fields = line.splitn(3, |&byte| byte == b':');
    let (number, controllers) = (fields.next()?, fields.next()?);
    let path = fields.next().filter(|path| path.starts_with(b"/"))?;
    if number == b"0" && controllers.is_empty() {
        return Some((Version::Two, path));
    }
    let mut controllers = controllers.split(|&byte| byte == b',');
    controllers
        .any(|controller| controller == b"cpu")
        .then_some((Version::One, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_is(text: &str, version: Version, path: &str) {
        let path = path.as_bytes();
        assert_eq!(of_cpu(text.as_bytes()), Some(Membership { version, path }));
    }

    #[test]
    fn version_2_has_one_line() {
        assert_is("0::/user.slice/a:b\n", Version::Two, "/user.slice/a:b");
    }

    #[test]
    fn version_1_goes_before() {
        let text = "0::/x\n3:cpuset:/y\n2:cpuacct,cpu:/z\n1:name=systemd:/w\n";
        assert_is(text, Version::One, "/z");
        assert_is("0::/x\n3:cpuset,cpuacct:/y\n", Version::Two, "/x");
    }

    #[test]
    fn what_makes_no_sense_is_none() {
        for text in [
            "",
            "\n\n",
            "0",
            "0:",
            "0::",
            "0::x",
            "4:memory:/",
            "::/",
            "\u{0}",
        ] {
            assert_eq!(of_cpu(text.as_bytes()), None, "{text:?}");
        }
    }
}
