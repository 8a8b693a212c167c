//! What stands in a document, told from its beginning to its end. Most of those who want to know need no tree of it.

/// A value that holds no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar<'t> {
    /// Text.
    Text(&'t str),
    /// A flag.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Nothing, or a number that no template of ours has.
    Other,
}

/// Who is told. In a mapping each key comes before its value.
pub(super) trait Listener<'t> {
    /// A mapping begins.
    fn begin_map(&mut self);
    /// A key of the mapping.
    fn key(&mut self, name: &'t str);
    /// The mapping ends; none where a key came twice.
    fn end_map(&mut self) -> Option<()>;
    /// A list begins.
    fn begin_list(&mut self);
    /// The list ends.
    fn end_list(&mut self);
    /// A value that holds no other.
    fn scalar(&mut self, scalar: Scalar<'t>);
}
