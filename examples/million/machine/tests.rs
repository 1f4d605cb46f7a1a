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
fn sockets_in_time_wait_are_counted_by_port() {
    let table = "  sl  local_address rem_address   st tx_queue\n\
        0: 0100007F:0050 00000000:0000 0A 0\n\
        1: 0100007F:A4C3 0200007F:0050 06 0\n\
        2: 0200007F:0050 0100007F:A4C4 06 0\n\
        3: 0100007F:A4C3 0200007F:0050 01 0\n\
        4: 0100007F:A4C3 0200007F:0051 06 0\n";
    assert_eq!(count_time_wait(table, &[80]), 2);
    assert_eq!(count_time_wait(table, &[80, 81]), 3);
    assert_eq!(count_time_wait(table, &[]), 0);
}

#[test]
fn this_machine_can_be_read() {
    let limits = Limits::raise_and_read().expect("limits");
    assert!(limits.open_files_hard >= limits.open_files_soft);
    assert!(limits.memory_available_bytes > 1 << 20);
    assert!(resident_bytes().expect("resident") > 1 << 16);
    assert!(cpu_time().expect("CPU time") < Duration::from_secs(3600));
    let kernel = KernelFigures::read().expect("kernel");
    assert!(kernel.slab_bytes > 1 << 20);
    assert!((1..=kernel.files_allowed).contains(&kernel.files_open));
    assert!(!kernel_release().expect("release").is_empty());
}
