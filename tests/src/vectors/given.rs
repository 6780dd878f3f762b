//! What a vector gives, read field by field without trusting it (tests/vectors/README.md).

use data_encoding::HEXLOWER;
use serde_json::Value;

/// The `given` object of a vector, or an object within it.
pub struct Given<'a>(&'a Value);

/// A field that is missing, or has another form than its kind needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The field.
    pub field: String,
}

impl Malformed {
    /// Names a field.
    #[must_use]
    pub fn missing(field: &str) -> Self {
        Self { field: field.into() }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the field {:?} is missing or of another form", self.field)
    }
}

impl<'a> Given<'a> {
    /// Over an object.
    #[must_use]
    pub const fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// A field as it stands.
    ///
    /// # Errors
    /// [`Malformed`] if it is not there.
    pub fn field(&self, name: &str) -> Result<&'a Value, Malformed> {
        self.0.get(name).ok_or_else(|| Malformed::missing(name))
    }

    /// Whether a field is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// A text.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn text(&self, name: &str) -> Result<&'a str, Malformed> {
        self.field(name)?.as_str().ok_or_else(|| Malformed::missing(name))
    }

    /// Bytes, written in lower-case hexadecimal.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Malformed> {
        HEXLOWER.decode(self.text(name)?.as_bytes()).map_err(|_| Malformed::missing(name))
    }

    /// Exactly `N` bytes.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn exact<const N: usize>(&self, name: &str) -> Result<[u8; N], Malformed> {
        self.bytes(name)?.try_into().map_err(|_| Malformed::missing(name))
    }

    /// A whole number that fits the type asked for.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Malformed> {
        let number = self.field(name)?.as_u64().ok_or_else(|| Malformed::missing(name))?;
        T::try_from(number).map_err(|_| Malformed::missing(name))
    }

    /// An object.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn object(&self, name: &str) -> Result<Given<'a>, Malformed> {
        let value = self.field(name)?;
        if value.is_object() { Ok(Given(value)) } else { Err(Malformed::missing(name)) }
    }

    /// A list of objects.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn objects(&self, name: &str) -> Result<Vec<Given<'a>>, Malformed> {
        let list = self.field(name)?.as_array().ok_or_else(|| Malformed::missing(name))?;
        Ok(list.iter().map(Given).collect())
    }

    /// A list of byte strings; an absent one is empty.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn byte_lists(&self, name: &str) -> Result<Vec<Vec<u8>>, Malformed> {
        let Some(list) = self.0.get(name) else { return Ok(Vec::new()) };
        let malformed = || Malformed::missing(name);
        let list = list.as_array().ok_or_else(malformed)?;
        list.iter()
            .map(|item| HEXLOWER.decode(item.as_str()?.as_bytes()).ok())
            .collect::<Option<_>>()
            .ok_or_else(malformed)
    }
}
