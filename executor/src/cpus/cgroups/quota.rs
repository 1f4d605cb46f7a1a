//! The quota of one group: so many microseconds of CPU time in each period of so many.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::Version;

/// A file is there, but cannot be read: no descriptor is left, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// In CPUs, rounded up. `None`: the group has none, or none that makes sense.
pub(super) fn of(version: Version, group: &Path) -> Result<Option<usize>, Unreadable> {
    Ok(match version {
        Version::One => {
            let quota = read(&group.join("cpu.cfs_quota_us"))?;
            let period = read(&group.join("cpu.cfs_period_us"))?;
            quota
                .zip(period)
                .and_then(|(quota, period)| cpus(&quota, &period))
        }
        Version::Two => read(&group.join("cpu.max"))?.and_then(|text| {
            let (quota, period) = text.trim_end().split_once(' ')?;
            cpus(quota, period)
        }),
    })
}

/// No quota is `-1` in version 1 and `max` in version 2: no numbers of this kind.
fn cpus(quota: &str, period: &str) -> Option<usize> {
    let number = |text: &str| text.trim_end().parse::<usize>().ok().filter(|&it| it > 0);
    Some(number(quota)?.div_ceil(number(period)?))
}

/// At most as much as two numbers of 64 bits need: what is longer is none of these files. `None`: it is not there.
fn read(file: &Path) -> Result<Option<String>, Unreadable> {
    let mut text = [0; 64];
    let length = File::open(file).and_then(|mut file| file.read(&mut text));
    let length = there(length)?;
    Ok(length.and_then(|length| String::from_utf8(text[..length].to_vec()).ok()))
}

/// `None`: there is no such file, or the group was removed when it was open.
pub(super) fn there<T>(result: io::Result<T>) -> Result<Option<T>, Unreadable> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
        Err(_) => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_rounded_up() {
        assert_eq!(cpus("50000", "100000"), Some(1));
        assert_eq!(cpus("200000\n", "100000\n"), Some(2));
        assert_eq!(cpus("200001", "100000"), Some(3));
        assert_eq!(cpus("18446744073709551615", "1"), Some(usize::MAX));
    }

    #[test]
    fn what_is_no_quota_is_none() {
        for (quota, period) in [
            ("max", "100000"),
            ("-1", "100000"),
            ("0", "100000"),
            ("50000", "0"),
            ("50000", ""),
            ("", "100000"),
            ("5e4", "100000"),
            ("18446744073709551616", "1"),
        ] {
            assert_eq!(cpus(quota, period), None, "{quota:?} {period:?}");
        }
    }
}
