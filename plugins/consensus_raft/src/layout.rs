//! Sizes and offsets of the ABI's structs. The compiler checks them against `abi.rs`;
//! tests/abi/rust_layout.py reads this very table and checks it against the C headers.

use crate::abi;

macro_rules! offset_of {
    ($type:ty, $field:ident) => {{
        let value = std::mem::MaybeUninit::<$type>::uninit();
        let base = value.as_ptr();
        unsafe {
            std::ptr::addr_of!((*base).$field).cast::<u8>().offset_from(base.cast::<u8>()) as usize
        }
    }};
}

macro_rules! layout {
    ($name:ident $size:literal { $($field:ident $offset:literal),* }) => {
        const _: () = {
            assert!(std::mem::size_of::<abi::$name>() == $size);
            $(assert!(offset_of!(abi::$name, $field) == $offset);)*
        };
    };
}

layout!(Error 256 { struct_size 0, os_errno 4, text 8 });
layout!(Slice 16 { data 0, size 8 });
layout!(Ext 24 { id 0, next 8, struct_size 16, required 20 });
layout!(Host 24 { struct_size 0, abi_major 4, abi_minor 6, ctx 8, get_extension 16 });
layout!(HostLog 16 { struct_size 0, level_min 4, log 8 });
layout!(Factory 32 { struct_size 0, kind 4, id 8, version 16, ops 24 });
layout!(Plugin 64 {
    magic 0, struct_size 4, abi_major 8, abi_minor_min 10, abi_minor_built 12, draft 14, id 16,
    version 24, license 32, draft_hash 40, factory_count 48, factories 56
});
layout!(Open 48 { struct_size 0, flags 4, config_json 8, data_dir 24, ext 40 });
layout!(Entry 40 { index 0, term 8, kind 16, reserved 20, data 24 });
layout!(Message 40 { peer 0, index 8, kind 16, flags 20, bytes 24 });
layout!(Member 16 { id 0, role 8, reserved 12 });
layout!(Read 24 { token 0, index 8, status 16, reserved 20 });
layout!(Fetch 32 { ticket 0, peer 8, low 16, high 24 });
layout!(Start 64 {
    struct_size 0, joint_auto_leave 4, term 8, voted_for 16, commit 24, first_index 32,
    base_term 40, applied 48, incarnation 56
});
layout!(Event 112 {
    struct_size 0, kind 4, now_ns 8, peer 16, number 24, index 32, term 40, flags 48, reserved 52,
    bytes 56, entries 72, entry_count 80, members 88, member_count 96, start 104
});
layout!(Effects 208 {
    struct_size 0, changed 4, number 8, term 16, voted_for 24, install_index 32, install_term 40,
    install_manifest 48, truncate_from 64, entries 72, entry_count 80, messages 88,
    message_count 96, reads 104, read_count 112, fetches 120, fetch_count 128, apply_to 136,
    members 144, member_count 152, members_index 160, joint 168, joint_auto_leave 172, role 176,
    reserved 180, leader 184, commit_index 192, last_index 200
});
layout!(ConsensusOpen 72 {
    struct_size 0, flags 4, id 8, seed 16, election_ticks 24, heartbeat_ticks 28,
    max_message_bytes 32, max_inflight_messages 40, max_uncommitted_bytes 48, cache_bytes 56,
    base 64
});
layout!(ConsensusOps 40 { struct_size 0, caps 4, open 8, close 16, get_extension 24, step 32 });
