//! Values that go along with a context.

use std::{
    any::{Any, TypeId},
    marker::PhantomData,
    sync::Arc,
};

/// A kind of value in a [`Context`](super::Context): a type of its own, so that kinds of different crates never meet.
pub trait Key: 'static {
    /// What is stored.
    type Value: Send + Sync + 'static;

    /// Tasks that inherit the context inherit the value too.
    const CROSSES: bool = false;
}

/// The key of a value that is found by its own type.
pub(super) struct ByType<T>(PhantomData<fn() -> T>);

impl<T: Send + Sync + 'static> Key for ByType<T> {
    type Value = T;
}

/// A value that is stored.
#[derive(Clone)]
pub(super) struct Value {
    key: Stored,
    crosses: bool,
    value: Arc<dyn Any + Send + Sync>,
}

#[derive(Clone)]
enum Stored {
    Type(TypeId),
    /// One that is known at run time.
    Key(Arc<dyn Any + Send + Sync>),
}

impl Value {
    pub(super) fn new<K: Key>(value: K::Value) -> Value {
        Value {
            key: Stored::Type(TypeId::of::<K>()),
            crosses: K::CROSSES,
            value: Arc::new(value),
        }
    }

    pub(super) fn at<K, V>(key: K, value: V) -> Value
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        Value {
            key: Stored::Key(Arc::new(key)),
            crosses: false,
            value: Arc::new(value),
        }
    }

    pub(super) fn crosses(&self) -> bool {
        self.crosses
    }

    pub(super) fn get<K: Key>(&self) -> Option<&K::Value> {
        match self.key {
            Stored::Type(key) if key == TypeId::of::<K>() => self.value.downcast_ref(),
            _ => None,
        }
    }

    /// It is stored at `key`.
    pub(super) fn is_at<K: Eq + 'static>(&self, key: &K) -> bool {
        match &self.key {
            Stored::Key(own) => own.downcast_ref() == Some(key),
            Stored::Type(_) => false,
        }
    }

    pub(super) fn as_any(&self) -> &(dyn Any + Send + Sync) {
        &*self.value
    }
}
