//! The formats: vectors, refusals within their memory, uniform cells, mutations. Neither Tor nor a window is used here.

mod formats {
    mod make;
    mod memory;
    mod mutations;
    mod refusals;
    mod sizes;
    mod uniform;
    mod vectors;
}
