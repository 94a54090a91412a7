//! `SaveConnection`, by the numbers of the decisions in docs/decisions.md.

mod fixture;
mod refusals;
mod saves;
