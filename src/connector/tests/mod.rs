mod calls;
mod fake;
mod golden;
mod hostile;
mod round_trips;
mod schema;
