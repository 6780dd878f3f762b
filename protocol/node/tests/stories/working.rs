//! What is for me and what is found, over several pursuances.

use pursuance_core::command::Command;
use pursuance_core::detail::Element;
use pursuance_core::id::{MemberId, PursuanceId, RoleId};
use pursuance_core::task::Status;
use pursuance_core::templates::Template;
use pursuance_core::today::Mine;
use pursuance_node::api::{FindView, Query, Reply, Request, TodayView, View};

use crate::harbour::Sailor;

async fn start(maya: &Sailor, name: &str) -> (PursuanceId, MemberId) {
    let (name, mission, my_name) = (name.into(), String::new(), "Maya".into());
    let asked = Request::StartPursuance { name, mission, my_name, relay: None, template: Template::Plain };
    let Ok(Reply::Pursuance { pursuance }) = maya.ask(asked).await else { panic!("a pursuance") };
    (pursuance, maya.people(pursuance).await.members[0].person.member)
}

async fn today(maya: &Sailor) -> TodayView {
    match maya.node.view(Query::Today).await {
        Ok(View::Today(view)) => view,
        other => panic!("{other:?}"),
    }
}

async fn find(maya: &Sailor, text: &str) -> FindView {
    match maya.node.view(Query::Find { text: text.into() }).await {
        Ok(View::Find(view)) => view,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_has_what_is_for_me_in_all_pursuances() {
    let maya = Sailor::aboard(&[]).await;
    let ((harbour, me), (garden, _)) = (start(&maya, "Harbour").await, start(&maya, "Garden").await);
    assert_eq!(today(&maya).await, TodayView { rows: vec![], of: 0, snoozed: vec![] });
    let (late, soon) = (maya.task(garden, "Late", None).await, maya.task(harbour, "Soon", None).await);
    let (asked, whoever) = (maya.task(harbour, "Asked", None).await, maya.task(garden, "Whoever", None).await);
    maya.task(harbour, "Nobody's", None).await;
    let ended = maya.task(harbour, "Ended", None).await;
    let due = |task, day: &str| Command::SetDue { task, due: Some(day.into()) };
    for (pursuance, command) in [
        (garden, Command::Claim { task: late }),
        (garden, due(late, "2001-01-01")),
        (harbour, Command::Claim { task: soon }),
        (harbour, due(soon, "2999-01-01")),
        (harbour, Command::Assign { task: asked, member: me }),
        (harbour, Command::SetElement { task: asked, element: Element::Reviewer { member: me }, there: true }),
        (harbour, Command::SetStatus { task: asked, status: Status::Review }),
        (garden, Command::SetElement { task: whoever, element: Element::Asked { role: RoleId(1) }, there: true }),
        (harbour, Command::Claim { task: ended }),
        (harbour, Command::SetStatus { task: ended, status: Status::Done }),
    ] {
        maya.act(pursuance, command).await;
    }
    let view = today(&maya).await;
    let rows: Vec<_> = view.rows.iter().map(|row| (row.name.as_str(), row.row.title.as_str(), &row.why[..])).collect();
    assert_eq!(
        rows,
        [
            ("Garden", "Late", &[Mine::Taken][..]),
            ("Harbour", "Soon", &[Mine::Taken]),
            ("Harbour", "Asked", &[Mine::Asked, Mine::ToReview]),
            ("Garden", "Whoever", &[Mine::RoleAsked]),
        ]
    );
    assert_eq!(view.of, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_found_wherever_they_stand_also_after_a_restart() {
    let mut maya = Sailor::aboard(&[]).await;
    let ((harbour, _), (garden, _)) = (start(&maya, "Harbour").await, start(&maya, "Garden").await);
    let (van, shed) = (maya.task(harbour, "Book a van", None).await, maya.task(garden, "Paint the shed", None).await);
    maya.act(garden, Command::Comment { task: shed, text: "Zoe lends us her VAN\nfor the paint".into() }).await;
    maya.act(harbour, Command::AddCheck { task: van, text: "The deposit is paid".into(), after: None }).await;
    maya.act(harbour, Command::AddLabel { task: van, label: "travel".into() }).await;
    maya.act(harbour, Command::SetStatus { task: van, status: Status::Done }).await;
    for _ in 0..2 {
        let found = find(&maya, "van").await;
        // What has not ended comes first.
        let rows: Vec<_> = found.rows.iter().map(|row| (row.title.as_str(), row.excerpt.as_str())).collect();
        assert_eq!(rows, [("Paint the shed", "Zoe lends us her VAN for the paint"), ("Book a van", "Book a van")]);
        for (words, tasks) in [
            ("deposit TRAVEL van", 1),
            ("zoe shed", 1),
            ("zoe deposit", 0),
            ("", 0),
            (" \t", 0),
            ("%", 0),
            ("' OR 1=1 --", 0),
        ] {
            assert_eq!(find(&maya, words).await.of, tasks, "{words}");
        }
        maya = maya.restart().await;
    }
}
