//! Union-find over hashed keys (Tarjan): near-linear, with the smaller tree under the larger one.

use std::hash::Hash;

use herkomst_model::QuickMap;

/// Keys in disjoint sets.
#[derive(Debug)]
pub(crate) struct Union<K> {
    index: QuickMap<K, usize>,
    parent: Vec<usize>,
    size: Vec<usize>,
}

impl<K> Default for Union<K> {
    fn default() -> Self {
        Self { index: QuickMap::default(), parent: Vec::new(), size: Vec::new() }
    }
}

impl<K: Eq + Hash> Union<K> {
    /// Makes the key known, in a set of its own if it is new.
    pub(crate) fn add(&mut self, key: K) -> usize {
        let next = self.parent.len();
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.parent.push(next);
            self.size.push(1);
        }
        index
    }

    /// Puts both keys in one set.
    pub(crate) fn unite(&mut self, one: K, other: K) {
        let (one, other) = (self.add(one), self.add(other));
        let (one, other) = (self.find(one), self.find(other));
        if one == other {
            return;
        }
        let (under, over) =
            if self.size[one] < self.size[other] { (one, other) } else { (other, one) };
        self.parent[under] = over;
        self.size[over] += self.size[under];
    }

    /// A number that all keys of one set have in common until more are united; none for a key that nobody added.
    pub(crate) fn root(&mut self, key: &K) -> Option<usize> {
        let index = *self.index.get(key)?;
        Some(self.find(index))
    }

    /// Ends the uniting: every key with the number of its set, and how many sets there are. Sets are numbered from 0 without
    /// gaps, in the order in which the first key of each was added: the order of the map would change with each run.
    pub(crate) fn sets(mut self) -> (QuickMap<K, usize>, usize) {
        let mut numbers = vec![usize::MAX; self.parent.len()];
        let mut count = 0;
        for at in 0..self.parent.len() {
            let root = self.find(at);
            if numbers[root] == usize::MAX {
                numbers[root] = count;
                count += 1;
            }
        }
        let mut index = std::mem::take(&mut self.index);
        for at in index.values_mut() {
            *at = numbers[self.find(*at)];
        }
        (index, count)
    }

    fn find(&mut self, mut index: usize) -> usize {
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]]; // halves the path
            index = self.parent[index];
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_united_in_a_chain_is_one_set() {
        let mut union = Union::default();
        for key in 0..1000 {
            union.unite(key, key + 1);
        }
        union.add(5000);
        assert_eq!(union.root(&0), union.root(&1000));
        assert_eq!(union.root(&7000), None);
        let (sets, count) = union.sets();
        assert_eq!(count, 2);
        assert_eq!(sets[&0], sets[&1000]);
        assert_ne!(sets[&0], sets[&5000]);
        assert_eq!(sets.get(&7000), None);
    }
    #[test]
    fn sets_are_numbered_in_the_order_of_their_first_keys() {
        let mut union = Union::default();
        for key in 0..100 {
            union.add(key);
        }
        union.unite(99, 0);
        let (sets, count) = union.sets();
        assert_eq!(count, 99);
        assert!((0..99).all(|key| sets[&key] == usize::try_from(key).unwrap()), "{sets:?}");
        assert_eq!(sets[&99], 0);
    }
}
