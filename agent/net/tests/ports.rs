//! Ports on real wires, in network namespaces that the tests make themselves.

fn main() {}
