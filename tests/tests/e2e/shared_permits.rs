//! A semaphore of the host over processes of three languages: leases of permits are spent without a word, and given back
//! as soon as somebody waits.

use anyhow::{Context, Result};
use conductor_tests::eventually;
use conductor_tests::sidecar::Sidecar;

use crate::coast::{Coast, LANGUAGES};

const NAMES: [&str; 3] = ["ada", "bob", "eve"];

/// Visits of each process, all begun at once.
const VISITS: u32 = 60;

fn peopled() -> Result<(Coast, Sidecar)> {
    let mut coast = Coast::new()?;
    let sidecar = Sidecar::start(&coast.project)?;
    for (who, language) in NAMES.into_iter().zip(LANGUAGES) {
        coast.enter(who, language, &sidecar, None)?;
    }
    Ok((coast, sidecar))
}

fn most(coast: &Coast) -> Result<u32> {
    coast.project.read("most")?.trim().parse().context("a number")
}

/// The service counts who is inside: never more than there are permits, and everybody comes to his turn.
#[test]
fn processes_of_three_languages_never_exceed_it_and_none_starves() -> Result<()> {
    let (coast, _sidecar) = peopled()?;
    for who in NAMES {
        // One process alone: from the second visit on its permit is a lease.
        for _ in 0..5 {
            assert_eq!(coast.visit(who)?, "fine");
        }
    }
    assert_eq!(most(&coast)?, 1);
    let mut visits = Vec::new();
    for _ in 0..VISITS {
        for who in NAMES {
            visits.push((who, coast.begin_visit(who)?));
        }
    }
    for (who, number) in visits {
        assert_eq!(coast.end(who, number)?, "fine", "{}", coast.said(who));
    }
    assert_eq!(most(&coast)?, 2, "the permits are used, and no more than they");
    Ok(())
}

/// Who keeps both permits gives one back when it is asked for; who is killed with them keeps nobody waiting.
#[test]
fn what_is_kept_is_given_back_at_once_and_what_the_dead_held_is_free() -> Result<()> {
    let (mut coast, _sidecar) = peopled()?;
    for (holder, next) in [("ada", "bob"), ("bob", "eve")] {
        let both = [coast.begin_visit(holder)?, coast.begin_visit(holder)?];
        for number in both {
            assert_eq!(coast.end(holder, number)?, "fine");
        }
        assert_eq!(coast.visit(next)?, "fine", "{holder} keeps what it does not need");
        coast.hangs(true)?;
        let before = coast.asked().len();
        coast.begin_visit(holder)?;
        coast.begin_visit(holder)?;
        eventually("both are inside", || Ok((coast.asked().len() == before + 2).then_some(())))?;
        let waits = coast.begin_visit(next)?;
        coast.kill(holder)?;
        eventually("the next one is inside", || Ok((coast.asked().len() == before + 3).then_some(())))?;
        coast.hangs(false)?;
        assert_eq!(coast.end(next, waits)?, "fine");
    }
    Ok(())
}
