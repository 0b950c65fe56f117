//! Phrases that say a task's id, alone or beside other words for it: `the user (fetch_user)`.

use super::{Meant, Names, Profile, is_spelled};
use crate::items::PhraseWord;

impl Names<'_> {
    /// The task whose id is the word, or one of the words where the others mean it as well.
    pub(super) fn called_by_id(&self, phrase: &[PhraseWord], verbs: &[PhraseWord]) -> Option<Meant> {
        if let [word] = phrase {
            let is_called =
                |profile: &&Profile| is_spelled(&profile.id, &word.text) || profile.called == word.text;
            return self.profiles.iter().find(is_called).map(|profile| Meant::Task(profile.id.clone()));
        }
        let spelled = |word: &PhraseWord| -> Option<&Profile> {
            let is_id = word.text.contains('_');
            self.profiles.iter().find(|profile| is_id && profile.id == word.text)
        };
        let named = Meant::Task(phrase.iter().find_map(spelled)?.id.clone());
        let others: Vec<PhraseWord> = phrase.iter().filter(|word| spelled(word).is_none()).cloned().collect();
        (self.meant(&others, verbs) == named).then_some(named)
    }
}
