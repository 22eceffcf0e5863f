//! The floor: starts, prints a line, ends.

fn main() {
    println!("-");
}
