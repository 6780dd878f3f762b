//! A computer that its owner took out stays out (docs/protocol/04-authority.md, D6).

mod people;

use people::{REDACTOR, VERIFIER, World, desks, exchange, settle, take};
use pursuance_core::command::Command;
use pursuance_core::id::AuthorId;
use pursuance_core::replica::Replica;

fn is_device(of: &Replica, device: AuthorId) -> bool {
    of.authority().members().values().any(|member| member.devices.contains_key(&device))
}

/// Maya takes back Ben's roles one after the other, each at the moment at which he takes out his computer.
#[test]
fn a_computer_stays_out_when_the_role_that_this_leaned_on_is_taken_back_at_the_same_moment() {
    let mut world = World::new(96);
    let mut maya = world.founder_with(desks());
    let invite = world.commit(&mut maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    let him = ben.me().expect("came");
    world.commit(&mut maya, &Command::Grant { member: him, role: REDACTOR });
    exchange(&mut maya, &mut ben);
    let stolen = world.device();
    let added = ben.add_device(&stolen, world.now_seconds).expect("room");
    let stolen = stolen.author();
    take(&mut ben, &[added]);
    let mut members = [maya, ben];
    settle(&world, &mut members);
    let [maya, ben] = &mut members;
    assert!(ben.take_out_again(world.now_seconds).is_none(), "he said nothing of the kind");

    let out = world.commit(ben, &Command::RemoveDevice { author: stolen });
    assert!(!is_device(ben, stolen) && ben.take_out_again(world.now_seconds).is_none());
    let leant_on = out.entries[0].body().by.expect("a grant");
    world.commit(maya, &Command::RevokeGrant { grant: leant_on });
    exchange(maya, ben);
    assert!(is_device(ben, stolen) && is_device(maya, stolen), "the control: what took it out has no effect");
    let again = ben.take_out_again(world.now_seconds).expect("he still wants it out");
    assert_ne!(again.body().by, Some(leant_on));
    take(ben, std::slice::from_ref(&again));
    exchange(maya, ben);
    assert!(!is_device(ben, stolen) && !is_device(maya, stolen));
    assert!(ben.take_out_again(world.now_seconds).is_none(), "once for each");
}

/// Where he has no other role left, he is out himself, and says nothing more.
#[test]
fn who_lost_every_role_takes_out_nothing_more() {
    let mut world = World::new(97);
    let mut maya = world.founder_with(desks());
    let invite = world.commit(&mut maya, &Command::Invite { role: VERIFIER, uses: 1, reviewed: false });
    let mut ben = world.joiner(&mut maya, &invite, "Ben");
    let second = world.device();
    let added = ben.add_device(&second, world.now_seconds).expect("room");
    take(&mut ben, &[added]);
    exchange(&mut maya, &mut ben);
    let out = world.commit(&mut ben, &Command::RemoveDevice { author: second.author() });
    let grant = out.entries[0].body().by.expect("a grant");
    world.commit(&mut maya, &Command::RevokeGrant { grant });
    exchange(&mut maya, &mut ben);
    assert!(!ben.is_here() && ben.take_out_again(world.now_seconds).is_none());
}
