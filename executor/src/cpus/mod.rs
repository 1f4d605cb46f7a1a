//! How many CPUs the process may use: what the number of processors follows unless somebody has chosen it.
//!
//! # How it works
//! As Go does since 1.25 (`defaultGOMAXPROCS`, runtime/cgroup_linux.go): the CPUs in the affinity mask, but no more than
//! the quota of the control group, rounded up, and that at least 2, so that one long poll does not hold up all others for
//! the monitor's sake. Other than Go this looks at the groups above too: a quota there holds for all below, and a runtime
//! with more processors than CPU time is throttled, with all its threads at once, for the rest of each period.
//!
//! The monitor asks again, once a second while something runs. It may read these files itself: they are made by
//! the kernel from numbers in memory, no disk or network is waited for, and the whole costs some 20 µs. What may wait
//! is `/proc/self/cgroup` (a lock that is held while groups are made and removed) and what may be long
//! `/proc/self/mountinfo`: these are read when the runtime starts, by who starts it, and again only if the group is gone.
//!
//! # Not done here
//! A process that is moved to another group while its old one remains is not noticed; Go does not notice it either.
//! Quotas for bursts, weights and real-time tasks are no limits on the long run.
//!
//! # Rejected
//! - A thread of its own that asks: one more for each process, or a start and an end each second, which debuggers show.
//! - Descriptors that stay open, as Go's: programs that close all would make us read others' files.
//! - `std::thread::available_parallelism`: it rounds down, to 1 too.

#[cfg(all(target_os = "linux", not(miri)))]
mod affinity;
#[cfg(all(target_os = "linux", not(miri)))]
mod cgroups;
#[cfg(all(target_os = "linux", not(miri)))]
#[path = "linux.rs"]
mod imp;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "elsewhere.rs"]
mod imp;

pub(crate) use self::imp::Limits;
