//! Guessers and offices, with a clock of their own.

use super::*;

const GUESSER: &str = "203.0.113.7";
const OFFICE: &str = "198.51.100.1";

/// The brakes at a time that only the test moves.
struct World {
    brakes: Arc<Brakes>,
    now: Instant,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Checked,
    Wrong,
    Later(u64),
}

impl World {
    fn new() -> Self {
        Self { brakes: Arc::new(Brakes::new()), now: Instant::now() }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn begin(&self, account: &str, address: &str, password: &str) -> Admission {
        let subject = self.brakes.subject("user", account);
        let guess = self.brakes.guess(&[], password.as_bytes());
        self.brakes.begin((subject, address.parse().unwrap()), guess, self.now)
    }

    /// Tries a password that is wrong unless it is `right`.
    fn attempt(&self, account: &str, address: &str, password: &str) -> Answer {
        match self.begin(account, address, password) {
            Admission::Check(attempt) if password == "right" => attempt.right(self.now),
            Admission::Check(attempt) => attempt.wrong(self.now),
            Admission::Wrong => return Answer::Wrong,
            Admission::Later(wait) => return Answer::Later(wait.as_secs()),
        }
        Answer::Checked
    }

    fn guess_all(&self, account: &str, address: &str, guesses: u32) {
        for guess in 0..guesses {
            let answer = self.attempt(account, address, &format!("guess {guess}"));
            assert_eq!(answer, Answer::Checked, "{guess}");
        }
    }
}

#[test]
fn guesses_cost_more_and_more_time() {
    let mut world = World::new();
    world.guess_all("204", GUESSER, FREE);
    let mut waits = Vec::new();
    for round in 0..12 {
        let Answer::Later(wait) = world.attempt("204", GUESSER, &format!("early {round}")) else {
            panic!("round {round} was not slowed down");
        };
        waits.push(wait);
        world.pass(wait - 1);
        assert_eq!(
            world.attempt("204", GUESSER, "right"),
            Answer::Later(1),
            "not even the right one"
        );
        world.pass(1);
        assert_eq!(world.attempt("204", GUESSER, &format!("late {round}")), Answer::Checked);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    world.pass(3600);
    world.guess_all("204", GUESSER, FREE);
}

#[test]
fn the_brake_is_on_for_one_account_at_one_address() {
    let world = World::new();
    world.guess_all("204", GUESSER, FREE);
    assert_eq!(world.attempt("204", GUESSER, "right"), Answer::Later(1));
    assert_eq!(world.attempt("204", OFFICE, "right"), Answer::Checked);
    assert_eq!(world.attempt("205", GUESSER, "right"), Answer::Checked);
}

#[test]
fn the_same_wrong_password_counts_once() {
    let world = World::new();
    for _ in 0..1000 {
        assert_eq!(world.attempt("phones", OFFICE, "old secret"), Answer::Checked);
    }
    world.guess_all("phones", OFFICE, FREE - 1);
    // It is known to be wrong, so that it is refused without another look.
    assert_eq!(world.attempt("phones", OFFICE, "old secret"), Answer::Wrong);
    assert_eq!(world.attempt("phones", OFFICE, "right"), Answer::Later(1));
}

#[test]
fn who_signed_in_here_before_is_never_slowed_down() {
    let mut world = World::new();
    assert_eq!(world.attempt("phones", OFFICE, "right"), Answer::Checked);
    world.guess_all("phones", OFFICE, 500);
    assert_eq!(world.attempt("phones", OFFICE, "right"), Answer::Checked);
    // Elsewhere the same account is slowed down, which changes nothing for the office.
    world.guess_all("phones", GUESSER, FREE);
    assert_eq!(world.attempt("phones", GUESSER, "right"), Answer::Later(1));
    world.pass(KNOWN.as_secs() - 1);
    world.guess_all("phones", OFFICE, 50);
    world.pass(1);
    for guess in 0..FREE {
        world.attempt("phones", OFFICE, &format!("other {guess}"));
    }
    assert!(matches!(world.attempt("phones", OFFICE, "more"), Answer::Later(_)));
}

#[test]
fn three_hundred_phones_that_start_at_once_are_checked_at_once() {
    let world = World::new();
    let all: Vec<Admission> = (0..300).map(|_| world.begin("phones", OFFICE, "right")).collect();
    assert!(all.iter().all(|admission| matches!(admission, Admission::Check(_))));
    for admission in all {
        let Admission::Check(attempt) = admission else { continue };
        attempt.right(world.now);
    }
    let begin = |user: u32| world.begin(&user.to_string(), OFFICE, "right");
    let users: Vec<Admission> = (0..300).map(begin).collect();
    assert!(users.iter().all(|admission| matches!(admission, Admission::Check(_))));
}

#[test]
fn guesses_at_the_same_time_count_before_they_are_answered() {
    let world = World::new();
    let begin = |guess: u32| world.begin("204", GUESSER, &guess.to_string());
    let first: Vec<Admission> = (0..FREE).map(begin).collect();
    assert!(first.iter().all(|admission| matches!(admission, Admission::Check(_))));
    assert!(matches!(begin(FREE), Admission::Later(_)));
    // Whoever hangs up has guessed all the same.
    drop(first);
    assert!(matches!(begin(FREE), Admission::Later(_)));
}

#[test]
fn what_was_not_checked_does_not_count() {
    let world = World::new();
    for guess in 0..100 {
        match world.begin("204", OFFICE, &guess.to_string()) {
            Admission::Check(attempt) => attempt.unchecked(),
            _ => panic!("{guess}"),
        }
    }
}

#[test]
fn many_accounts_at_one_address_slow_it_down() {
    let mut world = World::new();
    assert_eq!(world.attempt("boss", GUESSER, "right"), Answer::Checked);
    let accounts = ACCOUNTS_FREE + 1;
    for account in 0..accounts {
        assert_eq!(world.attempt(&account.to_string(), GUESSER, "Summer24"), Answer::Checked);
    }
    // One is looked at, and takes the turn.
    assert_eq!(world.attempt("a", GUESSER, "Summer24"), Answer::Checked);
    assert_eq!(world.attempt("b", GUESSER, "right"), Answer::Later(1));
    assert_eq!(world.attempt("boss", GUESSER, "right"), Answer::Checked, "this one is known here");
    assert_eq!(world.attempt("b", OFFICE, "right"), Answer::Checked);
    world.pass(1);
    assert_eq!(world.attempt("b", GUESSER, "Summer24"), Answer::Checked);
    assert_eq!(world.attempt("c", GUESSER, "Summer24"), Answer::Later(2));
    world.pass(3600);
    assert_eq!(world.attempt("c", GUESSER, "Summer24"), Answer::Checked);
    assert_eq!(world.attempt("d", GUESSER, "Summer24"), Answer::Checked);
}

#[test]
fn an_ipv6_guesser_has_one_address() {
    let world = World::new();
    for guess in 0..u64::from(FREE) {
        let address = format!("2001:db8:0:1::{guess}");
        assert_eq!(world.attempt("204", &address, &guess.to_string()), Answer::Checked);
    }
    assert_eq!(world.attempt("204", "2001:db8:0:1::99", "more"), Answer::Later(1));
    assert_eq!(world.attempt("204", "2001:db8:0:2::1", "more"), Answer::Checked);
    world.guess_all("205", GUESSER, FREE);
    let mapped = format!("::ffff:{GUESSER}");
    assert_eq!(world.attempt("205", &mapped, "more"), Answer::Later(1));
}
