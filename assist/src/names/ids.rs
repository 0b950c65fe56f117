//! Phrases that say a task's id beside other words for it: `the user (fetch_user)`.

use super::{Meant, Names, Profile};
use crate::items::PhraseWord;

impl Names<'_> {
    /// The task whose id is one of the words, where the others mean it as well.
    pub(super) fn called_by_id(&self, phrase: &[PhraseWord], verbs: &[PhraseWord]) -> Option<Meant> {
        let spelled = |word: &PhraseWord| -> Option<&Profile> {
            let is_id = word.text.contains('_');
            self.profiles.iter().find(|profile| is_id && profile.id == word.text)
        };
        let named = Meant::Task(phrase.iter().find_map(spelled)?.id.clone());
        let others: Vec<PhraseWord> = phrase.iter().filter(|word| spelled(word).is_none()).cloned().collect();
        (self.meant(&others, verbs) == named).then_some(named)
    }
}
