//! The formats: vectors, refusals within their memory, uniform cells, and every decoder under mutations. Neither Tor nor a
//! window is used here.

mod formats {
    #[path = "../../fuzz/mod.rs"]
    mod fuzz;
    mod make;
    mod memory;
    mod refusals;
    mod sizes;
    mod uniform;
    mod vectors;
}
