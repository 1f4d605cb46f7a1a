//! Made-up systems.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;

/// A folder that is removed in the end.
struct System(PathBuf);

impl System {
    fn new(cgroup: &str, mountinfo: &str) -> System {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gmp-cgroups-{}-{number}", process::id());
        let system = System(env::temp_dir().join(name));
        system.write("proc/self/cgroup", cgroup);
        system.write("proc/self/mountinfo", mountinfo);
        system
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.0.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn quota_v1(&self, group: &str, quota: &str, period: &str) {
        self.write(&format!("{group}/cpu.cfs_quota_us"), &format!("{quota}\n"));
        self.write(
            &format!("{group}/cpu.cfs_period_us"),
            &format!("{period}\n"),
        );
    }

    fn find(&self) -> Cgroups {
        Cgroups::find(&self.0)
    }

    #[track_caller]
    fn assert_quota(&self, quota: Option<usize>) {
        assert_eq!(self.find().quota(), quota);
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const HYBRID: &str = "\
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n\
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
    35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
    41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

#[test]
fn version_2() {
    let system = System::new("0::/a\n", V2);
    system.write("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    system.assert_quota(Some(3));
    system.write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
    system.assert_quota(None);
    for garbage in [
        "",
        "\n",
        "x",
        "100000",
        "1 2 3",
        "50000 0\n",
        "-1 100000\n",
        "\u{1F980} 1\n",
    ] {
        system.write("sys/fs/cgroup/a/cpu.max", garbage);
        system.assert_quota(None);
    }
}

#[test]
fn the_tightest_of_all_above_counts() {
    let system = System::new("0::/a/b/c\n", V2);
    system.write("sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
    system.assert_quota(Some(8));
    // None in between: the controller is not enabled there.
    system.write("sys/fs/cgroup/a/cpu.max", "150000 50000\n");
    system.assert_quota(Some(3));
    // That of the mount's root, in a container.
    system.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
    system.assert_quota(Some(2));
    // Another group's.
    system.write("sys/fs/cgroup/a/x/cpu.max", "100000 100000\n");
    system.assert_quota(Some(2));
}

#[test]
fn version_1() {
    let system = System::new("4:memory:/m\n3:cpu,cpuacct:/a/b\n0::/v2\n", HYBRID);
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct/a/b", "-1", "100000");
    system.assert_quota(None);
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct/a", "450000", "100000");
    system.assert_quota(Some(5));
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct/a/b", "300000", "100000");
    system.assert_quota(Some(3));
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct/a/b", "300000", "0");
    system.assert_quota(Some(5));
    // The hierarchy of version 2 beside it has no say.
    system.write("sys/fs/cgroup/unified/v2/cpu.max", "100000 100000\n");
    system.assert_quota(Some(5));
}

#[test]
fn hybrid_with_the_controller_in_version_2() {
    let without = HYBRID.replace("cgroup rw,cpu,cpuacct", "cgroup rw,net_cls");
    let system = System::new("4:net_cls:/m\n0::/a\n", &without);
    system.write("sys/fs/cgroup/unified/a/cpu.max", "100000 100000\n");
    system.assert_quota(Some(1));
}

/// A container without a cgroup namespace: its group's directory is mounted, its path is the host's.
#[test]
fn the_mount_begins_at_a_group() {
    let mounts = HYBRID.replace("0:29 /", "0:29 /docker/x");
    let system = System::new("3:cpuacct,cpu:/docker/x/inner\n", &mounts);
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct", "400000", "100000");
    system.quota_v1("sys/fs/cgroup/cpu,cpuacct/inner", "500000", "100000");
    system.assert_quota(Some(4));
    // A group with a name that only begins alike is not below it.
    system.write("proc/self/cgroup", "3:cpuacct,cpu:/docker/xy\n");
    system.assert_quota(None);
}

/// Of two mounts the one that shows more of what is above.
#[test]
fn two_mounts() {
    let more = "50 23 0:26 /a/b /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n";
    for mounts in [format!("{V2}{more}"), format!("{more}{V2}")] {
        let system = System::new("0::/a/b/c\n", &mounts);
        system.write("mnt/my groups/c/cpu.max", "700000 100000\n");
        system.write("sys/fs/cgroup/a/b/c/cpu.max", "700000 100000\n");
        system.write("sys/fs/cgroup/a/cpu.max", "600000 100000\n");
        system.assert_quota(Some(6));
    }
    let system = System::new("0::/a/b/c\n", more);
    system.write("mnt/my groups/c/cpu.max", "700000 100000\n");
    system.assert_quota(Some(7));
}

/// In a cgroup namespace: its root is `/`; what is outside of it begins with `/..`.
#[test]
fn namespaces() {
    let system = System::new("0::/\n", V2);
    system.write("sys/fs/cgroup/cpu.max", "300000 100000\n");
    system.assert_quota(Some(3));
    // The process is in a group that is not below the namespace's root.
    system.write("proc/self/cgroup", "0::/../sibling\n");
    system.assert_quota(None);
    // The mount shows more than the namespace: where its root is in there, nobody knows.
    let system = System::new("0::/\n", &V2.replace("0:26 /", "0:26 /../.."));
    system.write("sys/fs/cgroup/cpu.max", "300000 100000\n");
    system.assert_quota(None);
}

#[test]
fn nothing_there() {
    for (cgroup, mounts) in [
        ("", ""),
        ("0::/a\n", ""),
        ("", V2),
        ("0::/a\n", V2),
        ("garbage\n\n:::\n", "garbage\n - \n1 2 3 4 5 - cgroup2\n"),
    ] {
        System::new(cgroup, mounts).assert_quota(None);
    }
    assert_eq!(Cgroups::find(Path::new("/nowhere")).quota(), None);
}

/// What changes is read again; the group is looked for again if it is gone.
#[test]
fn changes_are_seen() {
    let system = System::new("0::/a\n", V2);
    system.write("sys/fs/cgroup/a/cgroup.procs", "");
    let mut cgroups = system.find();
    assert_eq!(cgroups.quota(), None);
    // The controller is enabled.
    system.write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    assert_eq!(cgroups.quota(), Some(3));
    system.write("sys/fs/cgroup/a/cpu.max", "400000 100000\n");
    assert_eq!(cgroups.quota(), Some(4));
    system.write("sys/fs/cgroup/b/cpu.max", "500000 100000\n");
    system.write("proc/self/cgroup", "0::/b\n");
    assert_eq!(cgroups.quota(), Some(4));
    fs::remove_dir_all(system.0.join("sys/fs/cgroup/a")).unwrap();
    assert_eq!(cgroups.quota(), Some(5));
    fs::remove_dir_all(system.0.join("sys/fs/cgroup/b")).unwrap();
    assert_eq!(cgroups.quota(), None);
}

/// A file that cannot be read, here since it is a folder, is not one that is missing.
#[test]
fn what_cannot_be_read_now_is_as_it_was() {
    let system = System::new("0::/a\n", V2);
    system.write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    let mut cgroups = system.find();
    assert_eq!(cgroups.quota(), Some(3));
    let file = system.0.join("sys/fs/cgroup/a/cpu.max");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(cgroups.quota(), Some(3));
    fs::remove_dir(&file).unwrap();
    assert_eq!(cgroups.quota(), None);
    // The same of where the group is.
    system.write("sys/fs/cgroup/a/cpu.max", "400000 100000\n");
    assert_eq!(cgroups.quota(), Some(4));
    let groups = system.0.join("proc/self/cgroup");
    fs::remove_file(&groups).unwrap();
    fs::create_dir(&groups).unwrap();
    fs::remove_dir_all(system.0.join("sys/fs/cgroup/a")).unwrap();
    assert_eq!(cgroups.quota(), Some(4));
    fs::remove_dir(&groups).unwrap();
    system.write("sys/fs/cgroup/b/cpu.max", "500000 100000\n");
    system.write("proc/self/cgroup", "0::/b\n");
    assert_eq!(cgroups.quota(), Some(5));
}
