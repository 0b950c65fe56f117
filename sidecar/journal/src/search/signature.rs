//! What a block of runs may hold, in few bits: a Bloom filter (Bloom 1970) of fields and of all groups of three bytes of texts.
//!
//! It says "no" for certain and "yes" for a thousandth of what is not there. What it says is kept in stores: who changes how
//! bits are set empties their tables.

use std::collections::BTreeSet;

use super::{Search, Sought, Wanted};

/// Bits for each term, and how many of them a term sets.
const BITS: usize = 16;
const SET: u64 = 6;

/// Terms of a block, above which it counts as holding everything.
const MOST: usize = 4096;

/// Values of this length are not noted.
pub(super) const LONG: usize = 256;

/// Names deeper inside are not noted.
pub(super) const DEEP: usize = 8;

/// The terms of one block; `None` once they are too many.
#[derive(Debug)]
pub(crate) struct Terms(Option<BTreeSet<u64>>);

impl Terms {
    pub(super) fn new() -> Terms {
        Terms(Some(BTreeSet::new()))
    }

    /// It may hold anything.
    pub(super) fn give_up(&mut self) {
        self.0 = None;
    }

    fn add(&mut self, term: u64) {
        if let Some(terms) = &mut self.0 {
            terms.insert(term);
            if terms.len() > MOST {
                self.give_up();
            }
        }
    }

    pub(super) fn add_text(&mut self, text: &str) {
        for group in text.as_bytes().windows(3) {
            self.add(of_group(group));
        }
    }

    pub(super) fn add_field(&mut self, name: &str, value: &str) {
        self.add(of_field(name, value));
    }

    /// `None` for a block that may hold anything.
    pub(super) fn bits(&self) -> Option<Vec<u8>> {
        let terms = self.0.as_ref()?;
        let mut bits = vec![0; terms.len() * BITS / 8];
        for term in terms {
            for place in places(*term, bits.len()) {
                bits[place / 8] |= 1 << (place % 8);
            }
        }
        Some(bits)
    }
}

/// Terms that a block has to hold.
#[derive(Debug)]
pub(crate) struct Probe(Vec<u64>);

impl Probe {
    /// Whether all of them may be there.
    pub(crate) fn may_hold(&self, bits: Option<&[u8]>) -> bool {
        let Some(bits) = bits else { return true };
        let is_set = |place: usize| bits[place / 8] & (1 << (place % 8)) != 0;
        self.0.iter().all(|term| !bits.is_empty() && places(*term, bits.len()).all(is_set))
    }
}

/// What a search asks of a block, each where bits help.
#[derive(Debug)]
pub(crate) struct Probes {
    pub(crate) fields: Option<Probe>,
    pub(crate) errors: Option<Probe>,
    pub(crate) texts: Option<Probe>,
}

impl Probes {
    /// `None` where no bits help.
    pub(crate) fn of(search: &Search) -> Option<Probes> {
        let text = |text: &str| {
            let groups: Vec<u64> = text.as_bytes().windows(3).map(of_group).collect();
            (!groups.is_empty()).then_some(Probe(groups))
        };
        let (mut fields, mut texts) = (None, None);
        match &search.input {
            None => {}
            Some(Wanted::Text(wanted)) => texts = text(wanted),
            Some(Wanted::Field { name, value }) => {
                // A list or an object is not noted, and a text may look like one.
                let is_noted =
                    value.len() < LONG && name.split('.').count() <= DEEP && !value.starts_with(['{', '[']);
                fields = is_noted.then(|| Probe(vec![of_field(name, value)]));
            }
        }
        let errors = search.error.as_ref().and_then(|Sought(wanted)| text(wanted));
        let is_any = fields.is_some() || errors.is_some() || texts.is_some();
        is_any.then_some(Probes { fields, errors, texts })
    }
}

fn of_group(group: &[u8]) -> u64 {
    let group = group.iter().fold(0, |group, byte| group << 8 | u64::from(*byte));
    // The end of splitmix64 (Steele, Lea, Flood 2014): each bit of the group changes half of all bits.
    let mixed = (group + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn of_field(name: &str, value: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(name.as_bytes()).update(b"=").update(value.as_bytes());
    let mut term = [0; 8];
    hasher.finalize_xof().fill(&mut term);
    u64::from_le_bytes(term)
}

/// Two halves of one hash make as many as are wanted (Kirsch, Mitzenmacher 2006).
fn places(term: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let bits = bytes as u64 * 8;
    let (first, step) = (term >> 32, (term & 0xffff_ffff) | 1);
    (0..SET).map(move |turn| ((first + turn * step) % bits) as usize)
}

#[cfg(test)]
mod tests {
    use super::{Probe, Probes, Terms, of_field};
    use crate::search::{Search, Sought, Wanted};

    #[test]
    fn what_is_there_is_never_denied_and_what_is_not_seldom_affirmed() {
        let mut terms = Terms::new();
        for number in 0..300 {
            terms.add_field("user.id", &format!("u{number}"));
        }
        let bits = terms.bits();
        assert_eq!(bits.as_ref().map(Vec::len), Some(600));
        let holds =
            |number: u32| Probe(vec![of_field("user.id", &format!("u{number}"))]).may_hold(bits.as_deref());
        assert!((0..300).all(holds));
        let wrong = (300..100_300).filter(|number| holds(*number)).count();
        assert!(wrong < 300, "{wrong} of 100000");
    }

    #[test]
    fn too_many_terms_are_anything_and_none_are_nothing() {
        let probe = Probe(vec![of_field("a", "b")]);
        assert!(!probe.may_hold(Terms::new().bits().as_deref()));
        let mut terms = Terms::new();
        for number in 0..5000 {
            terms.add_field("a", &number.to_string());
        }
        assert_eq!(terms.bits(), None);
        assert!(probe.may_hold(None));
    }

    #[test]
    fn texts_are_found_by_their_groups() {
        let mut terms = Terms::new();
        terms.add_text("no funds on 17");
        let bits = terms.bits();
        let may = |wanted: &str| {
            let search = Search { error: Some(Sought::new(wanted)), ..Search::default() };
            let probe = Probes::of(&search).and_then(|probes| probes.errors);
            probe.is_none_or(|probe| probe.may_hold(bits.as_deref()))
        };
        assert!(may("FUNDS") && may("on 17") && may("xy"), "what is too short is everywhere");
        assert!(!may("stolen") && !may("funds in"));
    }

    #[test]
    fn what_is_not_noted_is_not_asked_for() {
        let fields = |wanted: &str| {
            Probes::of(&Search { input: Some(Wanted::parse(wanted)), ..Search::default() }).is_some()
        };
        assert!(fields("a=b") && fields("a.b.c=1"));
        assert!(
            !fields("a=[1]") && !fields(&format!("a={}", "x".repeat(256))) && !fields("1.2.3.4.5.6.7.8.9=a")
        );
    }
}
