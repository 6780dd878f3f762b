//! Lists of foreign JSON that are no longer than they may be (docs/protocol/08-node.md, section 8).

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The first `MAX` of a list; whether there were more is told, and they take no memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Few<T, const MAX: usize> {
    pub(super) all: Vec<T>,
    pub(super) more: bool,
}

impl<T, const MAX: usize> Default for Few<T, MAX> {
    fn default() -> Self {
        Self { all: Vec::new(), more: false }
    }
}

impl<T, const MAX: usize> From<Vec<T>> for Few<T, MAX> {
    fn from(all: Vec<T>) -> Self {
        Self { all, more: false }
    }
}

impl<T: Serialize, const MAX: usize> Serialize for Few<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Few<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Reads<T, MAX> {
            type Value = Few<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Few<T, MAX>, A::Error> {
                let mut all = Vec::new();
                while all.len() < MAX {
                    match seq.next_element()? {
                        Some(one) => all.push(one),
                        None => return Ok(Few { all, more: false }),
                    }
                }
                let mut more = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    more = true;
                }
                Ok(Few { all, more })
            }

            fn visit_unit<E>(self) -> Result<Few<T, MAX>, E> {
                Ok(Few::default())
            }
        }
        deserializer.deserialize_any(Reads(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_may_be_are_counted_and_not_kept() {
        let read = |text: &str| serde_json::from_str::<Few<u8, 2>>(text).ok().map(|few| (few.all, few.more));
        assert_eq!(read("[1,2]"), Some((vec![1, 2], false)));
        assert_eq!(read("[1,2,{\"x\":[3]}]"), Some((vec![1, 2], true)));
        assert_eq!(read("null"), Some((vec![], false)));
        assert_eq!(read("[1,\"2\"]"), None);
        assert_eq!(read("{}"), None);
    }
}
