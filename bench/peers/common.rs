//! What the peers' drivers share: lines as bench_mls prints them, its way to measure, its groups.
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;
static LIVE: AtomicUsize = AtomicUsize::new(0);
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        LIVE.fetch_add(l.size(), Relaxed);
        System.alloc(l)
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        LIVE.fetch_sub(l.size(), Relaxed);
        System.dealloc(p, l)
    }
}
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of the heap in use.
pub fn heap() -> usize {
    LIVE.load(Relaxed)
}

/// The process' own time, in seconds: what else the machine does is not in it.
fn now() -> f64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}

#[derive(Clone)]
pub struct Bench {
    pub suite: u16,
    pub members: usize,
    folder: String,
    planter: Vec<String>,
}

impl Bench {
    /// SUITE MEMBERS FOLDER PLANTER...
    pub fn new(args: &[String]) -> Bench {
        Bench {
            suite: u16::from_str_radix(&args[0], 16).unwrap(),
            members: args[1].parse().unwrap(),
            folder: args[2].clone(),
            planter: args[3..].to_vec(),
        }
    }

    pub fn show(&self, operation: &str, value: f64) {
        println!(
            "{:04x}\t{}\t{operation}\t{value:.1}",
            self.suite, self.members
        );
    }

    /// The median of some runs: as many as half a second gives, at least three if they are short.
    /// What a run returns is freed after its time.
    pub fn measure<T, R>(
        &self,
        operation: &str,
        mut before: impl FnMut() -> T,
        mut run: impl FnMut(T) -> R,
    ) -> R {
        let (mut times, mut spent) = (Vec::new(), 0.0);
        loop {
            let input = before();
            let from = now();
            let result = run(input);
            let took = now() - from;
            times.push(took);
            spent += took;
            if times.len() >= 30 || spent > 10.0 || (times.len() >= 3 && spent >= 0.5) {
                times.sort_by(f64::total_cmp);
                self.show(operation, 1e6 * times[times.len() / 2]);
                return result;
            }
        }
    }

    /// Lets the planter add Anna and Bert to its group; returns their Welcome.
    pub fn plant(&self, anna: &[u8], bert: &[u8]) -> Vec<u8> {
        let folder = &self.folder;
        std::fs::write(format!("{folder}/anna"), anna).unwrap();
        std::fs::write(format!("{folder}/bert"), bert).unwrap();
        let status = std::process::Command::new(&self.planter[0])
            .args(&self.planter[1..])
            .args([
                format!("{:04x}", self.suite),
                self.members.to_string(),
                folder.clone(),
            ])
            .status();
        assert!(status.unwrap().success(), "planting");
        std::fs::read(format!("{folder}/welcome")).unwrap()
    }
}
