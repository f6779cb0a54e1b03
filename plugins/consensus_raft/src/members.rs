//! Membership: the ABI's role bits, raft's ConfState, and the checks before a change is proposed.

use crate::abi::{self, Member};
use crate::fault::{Fault, Outcome};
use crate::limits;
use prost::Message as _;
use raft::eraftpb::{
    ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, ConfState,
};
use raft::{Changer, ProgressTracker};
use std::collections::BTreeMap;

/// Refuses memberships that would make raft panic when it restores its state.
pub fn conf_state(members: &[Member], auto_leave: bool) -> Outcome<ConfState> {
    if members.len() > limits::MEMBERS_MAX {
        return Err(Fault::invalid(format!(
            "{} members, at most {}",
            members.len(),
            limits::MEMBERS_MAX
        )));
    }
    let mut conf = ConfState { auto_leave, ..ConfState::default() };
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by_key(|member| member.id);
    for pair in sorted.windows(2) {
        if pair[0].id == pair[1].id {
            return Err(Fault::invalid(format!("member {} is named twice", pair[0].id)));
        }
    }
    for member in sorted {
        let known = abi::VOTER | abi::LEARNER | abi::VOTER_OUTGOING | abi::LEARNER_NEXT;
        if member.id == 0 || member.role == 0 || member.role & !known != 0 {
            return Err(Fault::invalid(format!(
                "member {} has role {:#x}",
                member.id, member.role
            )));
        }
        let put = |bit: u32, list: &mut Vec<u64>| {
            if member.role & bit != 0 {
                list.push(member.id);
            }
        };
        put(abi::VOTER, &mut conf.voters);
        put(abi::LEARNER, &mut conf.learners);
        put(abi::VOTER_OUTGOING, &mut conf.voters_outgoing);
        put(abi::LEARNER_NEXT, &mut conf.learners_next);
    }
    check_conf_state(&conf)?;
    Ok(conf)
}

pub fn check_conf_state(conf: &ConfState) -> Outcome<()> {
    let all = [&conf.voters, &conf.learners, &conf.voters_outgoing, &conf.learners_next];
    if all.iter().any(|list| list.contains(&0) || list.len() > limits::MEMBERS_MAX) {
        return Err(Fault::invalid("membership: a replica id is 0, or there are too many members"));
    }
    for list in all {
        let mut sorted = list.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != list.len() {
            return Err(Fault::invalid("membership: a replica is named twice"));
        }
    }
    let joint = !conf.voters_outgoing.is_empty();
    let empty = conf.voters.is_empty();
    if empty && (joint || !conf.learners.is_empty()) {
        return Err(Fault::invalid("membership without voters"));
    }
    if !joint && (conf.auto_leave || !conf.learners_next.is_empty()) {
        return Err(Fault::invalid(
            "membership: auto_leave or staged learners without outgoing voters",
        ));
    }
    let votes = |id: &u64| conf.voters.contains(id) || conf.voters_outgoing.contains(id);
    if conf.learners.iter().any(votes) {
        return Err(Fault::invalid("a learner also votes"));
    }
    let staged = |id: &u64| conf.voters_outgoing.contains(id) && !conf.voters.contains(id);
    if !conf.learners_next.iter().all(staged) {
        return Err(Fault::invalid("a staged learner is not an outgoing voter"));
    }
    Ok(())
}

/// Members are in the order of their ids, so that runs can be replayed.
pub fn to_members(conf: &ConfState) -> Vec<Member> {
    let mut roles: BTreeMap<u64, u32> = BTreeMap::new();
    for (list, bit) in [
        (&conf.voters, abi::VOTER),
        (&conf.learners, abi::LEARNER),
        (&conf.voters_outgoing, abi::VOTER_OUTGOING),
        (&conf.learners_next, abi::LEARNER_NEXT),
    ] {
        for id in list {
            *roles.entry(*id).or_default() |= bit;
        }
    }
    roles.into_iter().map(|(id, role)| Member { id, role, reserved: 0 }).collect()
}

/// One change takes effect at once. Several changes go through a joint state that ends by itself.
/// An empty list of changes leaves the joint state.
pub fn change_of(wanted: &[Member]) -> Outcome<ConfChangeV2> {
    if wanted.len() > limits::MEMBERS_MAX {
        return Err(Fault::invalid(format!(
            "{} changes, at most {}",
            wanted.len(),
            limits::MEMBERS_MAX
        )));
    }
    let mut changes = Vec::with_capacity(wanted.len());
    for (at, member) in wanted.iter().enumerate() {
        let kind = match member.role {
            abi::ADD_VOTER => ConfChangeType::AddNode,
            abi::ADD_LEARNER => ConfChangeType::AddLearnerNode,
            abi::REMOVE => ConfChangeType::RemoveNode,
            other => {
                return Err(Fault::invalid(format!(
                    "change of member {}: operation {other}",
                    member.id
                )))
            }
        };
        if member.id == 0 || wanted[..at].iter().any(|earlier| earlier.id == member.id) {
            return Err(Fault::invalid(format!(
                "change: member {} is zero or named twice",
                member.id
            )));
        }
        changes.push(ConfChangeSingle { change_type: kind as i32, node_id: member.id });
    }
    Ok(ConfChangeV2 { transition: ConfChangeTransition::Auto as i32, changes, context: Vec::new() })
}

/// Decodes a change from the wire or from the log. Unknown enum values would panic inside raft
/// (trap T13).
pub fn decode_change(bytes: &[u8]) -> Outcome<ConfChangeV2> {
    let change = ConfChangeV2::decode(bytes)
        .map_err(|error| Fault::invalid(format!("membership entry does not decode: {error}")))?;
    let known = ConfChangeTransition::from_i32(change.transition).is_some()
        && change.changes.len() <= limits::MEMBERS_MAX
        && change.changes.iter().all(|one| ConfChangeType::from_i32(one.change_type).is_some());
    if known {
        Ok(change)
    } else {
        Err(Fault::invalid("membership entry holds unknown values"))
    }
}

/// Tries the change on a copy of the current membership (trap T11).
pub fn dry_run(tracker: &ProgressTracker, change: &ConfChangeV2) -> Outcome<()> {
    let mut changer = Changer::new(tracker);
    let outcome = if change.leave_joint() {
        changer.leave_joint()
    } else if let Some(auto_leave) = change.enter_joint() {
        changer.enter_joint(auto_leave, &change.changes)
    } else {
        changer.simple(&change.changes)
    };
    let (after, _) =
        outcome.map_err(|error| Fault::invalid(format!("membership change: {error}")))?;
    if after == *tracker.conf() {
        return Err(Fault::invalid("membership change changes nothing"));
    }
    Ok(())
}

/// Whether `id` would stop voting when the change has taken its full effect.
pub fn loses_vote(change: &ConfChangeV2, id: u64) -> bool {
    change
        .changes
        .iter()
        .any(|one| one.node_id == id && one.change_type != ConfChangeType::AddNode as i32)
}
