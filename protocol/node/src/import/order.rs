//! The order in which a tree is read: children right below their parents, otherwise as they stand (docs/protocol/08-node.md, section 8).

/// The places of a list in reading order, each with its steps below the top; `parents` says below which place each stands. What hangs
/// in a circle, or below one, is left out.
pub(crate) fn in_reading_order(parents: impl Iterator<Item = Option<usize>>) -> Vec<(usize, u16)> {
    let parents: Vec<Option<usize>> = parents.collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    let mut open: Vec<(usize, u16)> = Vec::new();
    for (at, parent) in parents.iter().enumerate().rev() {
        match parent {
            // Youngest first, because the loop below takes from the end.
            Some(parent) => children[*parent].push(at),
            None => open.push((at, 0)),
        }
    }
    let mut order = Vec::with_capacity(parents.len());
    // Walked with a list of its own: a file may nest as deep as it has tasks.
    while let Some((at, depth)) = open.pop() {
        order.push((at, depth));
        open.extend(children[at].iter().map(|&child| (child, depth.saturating_add(1))));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_below_their_parents_and_no_circles() {
        let order = |parents: &[Option<usize>]| in_reading_order(parents.iter().copied());
        assert_eq!(order(&[None, Some(0), None, Some(0), Some(1)]), [(0, 0), (1, 1), (4, 2), (3, 1), (2, 0)]);
        assert_eq!(order(&[Some(1), None, Some(0)]), [(1, 0), (0, 1), (2, 2)]);
        assert_eq!(order(&[Some(0), Some(2), Some(1), None, Some(1)]), [(3, 0)]);
        assert_eq!(order(&[]), []);
    }
}
