use super::*;

#[test]
fn sizes_are_read_by_their_whole_key() {
    let text = "MemFree:   7 kB\nSlab:     98460 kB\nSlabOther: 1 kB\nHugePages: 3\n";
    assert_eq!(bytes(text, "Slab"), Some(98_460 * 1024));
    assert_eq!(bytes(text, "Mem"), None);
    assert_eq!(bytes(text, "HugePages"), None);
}

#[test]
fn columns_are_found_by_name() {
    let text = "TcpExt: A ListenOverflows B\nTcpExt: 1 22 3\nIpExt: ListenOverflows\nIpExt: 9\n";
    assert_eq!(column(text, "TcpExt:", "ListenOverflows"), Some(22));
    assert_eq!(column(text, "TcpExt:", "C"), None);
}

#[test]
fn labels_stand_before_their_numbers() {
    let text = "sockets: used 11\nTCP: inuse 1 orphan 0 tw 5 alloc 1 mem 385\nUDP: inuse 0 mem 0\n";
    assert_eq!(labelled(text, "TCP:", "tw"), Some(5));
    assert_eq!(labelled(text, "UDP:", "tw"), None);
}

#[test]
fn this_machine_can_be_read() {
    let limits = Limits::raise_and_read().expect("limits");
    assert!(limits.open_files_hard >= limits.open_files_soft);
    assert!(limits.memory_available_bytes > 1 << 20);
    assert!(resident_bytes().expect("resident") > 1 << 16);
    assert!(cpu_time().expect("CPU time") < Duration::from_secs(3600));
    assert!(KernelFigures::read().expect("kernel").slab_bytes > 1 << 20);
    assert!(!kernel_release().expect("release").is_empty());
}
