//! Two people compare four words after one came by the other's invite.

use pursuance_core::id::{MemberId, PursuanceId};
use pursuance_core::refusal::Refusal;
use pursuance_node::api::{PhraseView, Query, Request, Trouble, View};

use crate::harbour::{Sailor, with_ben_and_kim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_read_the_same_words_and_nobody_else_does() {
    let (_berth, maya, harbour, ben, _kim) = with_ben_and_kim().await;
    ben.until_async("Ben knows Kim", async || ben.people(harbour).await.members.len() == 3).await;

    let mine = phrase(&maya, harbour, "Ben").await.expect("he came by her invite");
    assert_eq!((mine.words.len(), mine.compared_seconds), (4, None));
    assert_eq!(phrase(&ben, harbour, "Maya").await.expect("the same").words, mine.words);
    assert_ne!(phrase(&maya, harbour, "Kim").await.expect("she too").words, mine.words);
    assert_eq!(phrase(&ben, harbour, "Kim").await, None, "neither let the other in");

    let compared = |member| Request::PhraseCompared { pursuance: harbour, member };
    let (him, her) = (member(&maya, harbour, "Ben").await, member(&ben, harbour, "Kim").await);
    maya.ask(compared(him)).await.unwrap();
    assert_eq!(ben.ask(compared(her)).await, Err(Trouble::Refused { refusal: Refusal::NoSuchMember }));
    let maya = maya.restart().await;
    assert!(phrase(&maya, harbour, "Ben").await.expect("as before").compared_seconds.is_some(), "the day is kept");
    assert_eq!(phrase(&ben, harbour, "Maya").await.expect("as before").compared_seconds, None, "and goes nowhere");
}

async fn phrase(sailor: &Sailor, harbour: PursuanceId, name: &str) -> Option<PhraseView> {
    let member = member(sailor, harbour, name).await;
    match sailor.node.view(Query::Phrase { pursuance: harbour, member }).await {
        Ok(View::Phrase(phrase)) => phrase,
        other => panic!("{other:?}"),
    }
}

async fn member(sailor: &Sailor, harbour: PursuanceId, name: &str) -> MemberId {
    let people = sailor.people(harbour).await;
    people.members.iter().find(|member| member.person.name == name).expect("is in").person.member
}
