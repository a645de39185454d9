//! A client that hangs up while it is being answered.

use std::pin::pin;

use super::fuse::Fault;
use super::rig::{Rig, Room};
use crate::answer::Answer;
use crate::device::gadget::{Codes, allow, begin, poll};

/// Asks, and hangs up at the `call`th call of `room`; tells whether it came to that.
async fn hangs_up(rig: &Rig, room: Room, fault: Fault, call: usize, asking: impl Future<Output = Answer>) -> bool {
    rig.fuse(room).arm(fault, call);
    {
        let mut asking = pin!(asking);
        tokio::select! {
            biased;
            _ = &mut asking => {}
            () = rig.fuse(room).awaited() => {}
        }
    }
    rig.fuse(room).disarm()
}

/// How a box can be when somebody hangs up, and which box; then call after call, until it does without another.
async fn wherever(act: impl AsyncFn(&Rig, Room, Fault, usize) -> bool, rig: &Rig) {
    for room in [Room::UserDatabase, Room::Cache] {
        for fault in [Fault::Slow, Fault::SlowToAnswer] {
            let mut call = 1;
            while act(rig, room, fault, call).await {
                call += 1;
                assert!(call < 100, "it never ends");
            }
            assert!(call > 1, "{room:?} is never asked");
        }
    }
}

/// A8: a client that hangs up in the middle and asks again has its tokens, or is told that its code is used up; either way no grant is
/// left whose tokens nobody has.
#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_grant_behind() {
    let rig = Rig::build().await;
    let (house, app) = (&rig.house, &rig.house.app);
    let act = async |rig: &Rig, room, fault, call| {
        let code = app.code(house, &mut rig.browser().await, &[]).await;
        rig.grants.forget();
        let hung_up = hangs_up(rig, room, fault, call, app.redeem(house, &code, &[])).await;
        if hung_up {
            let again = app.redeem(house, &code, &[]).await;
            let expected = usize::from(again.status == 200);
            assert_eq!(rig.live().await, expected, "{room:?} {fault:?} {call} {again:?}");
            assert!(again.status == 200 || again.error() == "invalid_grant", "{again:?}");
            assert!(again.status == 200 || fault == Fault::SlowToAnswer, "{room:?} {call}: the code was lost");
        }
        hung_up
    };
    wherever(act, &rig).await;
}

/// The same for a device.
#[tokio::test]
async fn a_device_that_hangs_up_leaves_no_grant_behind() {
    let rig = Rig::build().await;
    let house = &rig.house;
    let act = async |rig: &Rig, room, fault, call| {
        house.wait(24 * 60 * 60);
        let codes: Codes = begin(house).await;
        allow(&mut house.browser(), &codes).await;
        rig.grants.forget();
        let hung_up = hangs_up(rig, room, fault, call, poll(house, &codes)).await;
        if hung_up {
            let again = poll(house, &codes).await;
            let expected = usize::from(again.status == 200);
            assert_eq!(rig.live().await, expected, "{room:?} {fault:?} {call} {again:?}");
            assert!(again.status == 200 || fault == Fault::SlowToAnswer, "{room:?} {call} {again:?}");
        }
        hung_up
    };
    wherever(act, &rig).await;
}
