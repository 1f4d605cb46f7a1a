//! Go: powser1.go and powser2.go, which differ in how they carry the numbers: power series as streams of rational numbers, of which a
//! term is made when somebody asks for it. After M. Douglas McIlroy, "Squinting at Power Series" (1990).
//!
//! Upper-case in the paper are series, lower-case numbers: `u + x*us` is the series `us` behind the number `u`.

use std::{
    ops::{Add, Mul, Neg},
    sync::{Arc, Mutex},
};

use futures::{FutureExt, future::BoxFuture};

use super::{Nursery, each_executor};
use crate::{Receiver, Sender, chan, select};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rational {
    over: i64,
    under: i64,
}

fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { divisor(b, a % b) }
}

fn ratio(over: i64, under: i64) -> Rational {
    let divisor = divisor(over, under) * under.signum();
    Rational {
        over: over / divisor,
        under: under / divisor,
    }
}

fn whole(n: i64) -> Rational {
    ratio(n, 1)
}

impl Add for Rational {
    type Output = Rational;

    fn add(self, other: Rational) -> Rational {
        let common = divisor(self.under, other.under);
        let (own, theirs) = (other.under / common, self.under / common);
        ratio(self.over * own + other.over * theirs, self.under * own)
    }
}

impl Mul for Rational {
    type Output = Rational;

    fn mul(self, other: Rational) -> Rational {
        // Shortened before, since the products may be large.
        let (a, b) = (ratio(self.over, other.under), ratio(other.over, self.under));
        ratio(a.over * b.over, a.under * b.under)
    }
}

impl Neg for Rational {
    type Output = Rational;

    fn neg(self) -> Rational {
        whole(-1) * self
    }
}

/// Somebody does not go on, since nobody wants more.
struct Gone;

type Step<T> = Result<T, Gone>;

/// A series, for who asks for its terms.
#[derive(Clone)]
struct Series {
    ask: Sender<()>,
    terms: Receiver<Rational>,
}

/// A series, for who makes its terms.
struct Source {
    asked: Receiver<()>,
    terms: Sender<Rational>,
}

impl Series {
    async fn get(&self) -> Step<Rational> {
        self.ask.send(()).await.map_err(|_| Gone)?;
        self.terms.recv().await.ok_or(Gone)
    }
}

/// A term of each, in whichever order they come.
async fn get_both(u: &Series, v: &Series) -> Step<(Rational, Rational)> {
    let (mut u_asked, mut v_asked) = (false, false);
    let (mut u_term, mut v_term) = (None, None);
    loop {
        select! {
            sent = u.ask.send(()), if !u_asked => {
                sent.map_err(|_| Gone)?;
                u_asked = true;
            }
            sent = v.ask.send(()), if !v_asked => {
                sent.map_err(|_| Gone)?;
                v_asked = true;
            }
            term = u.terms.recv(), if u_asked && u_term.is_none() => u_term = Some(term.ok_or(Gone)?),
            term = v.terms.recv(), if v_asked && v_term.is_none() => v_term = Some(term.ok_or(Gone)?),
        }
        if let (Some(u), Some(v)) = (u_term, v_term) {
            return Ok((u, v));
        }
    }
}

impl Source {
    async fn asked(&self) -> Step<()> {
        self.asked.recv().await.ok_or(Gone)
    }

    async fn give(&self, term: Rational) -> Step<()> {
        self.terms.send(term).await.map_err(|_| Gone)
    }

    async fn put(&self, term: Rational) -> Step<()> {
        self.asked().await?;
        self.give(term).await
    }

    async fn copy(&self, from: &Series) -> Step<()> {
        loop {
            self.asked().await?;
            self.give(from.get().await?).await?;
        }
    }
}

/// The series that were made. Some stand in circles, so they end when all are closed.
#[derive(Clone)]
struct World {
    nursery: Nursery,
    /// `None`: it is over.
    made: Arc<Mutex<Option<Vec<Series>>>>,
}

struct End(World);

impl Drop for End {
    fn drop(&mut self) {
        let made = self.0.made.lock().unwrap().take();
        made.into_iter().flatten().for_each(|series| close(&series));
    }
}

fn close(series: &Series) {
    series.ask.close();
    series.terms.close();
}

impl World {
    fn series(&self) -> (Source, Series) {
        let (ask, asked) = chan(0);
        let (give, terms) = chan(0);
        let source = Source { asked, terms: give };
        let series = Series { ask, terms };
        match &mut *self.made.lock().unwrap() {
            Some(made) => made.push(series.clone()),
            None => close(&series),
        }
        (source, series)
    }

    /// The series whose terms `make` gives.
    fn make<F>(&self, make: impl FnOnce(World, Source) -> F) -> Series
    where
        F: Future<Output = Step<()>> + Send + 'static,
    {
        let (source, series) = self.series();
        let task = make(self.clone(), source);
        self.nursery.spawn(async { drop(task.await) });
        series
    }

    /// Two series that are both `series`, and may be read at different rates.
    fn split(&self, from: Series) -> [Series; 2] {
        let (outs, series): (Vec<_>, Vec<_>) = [self.series(), self.series()].into_iter().unzip();
        self.split_to(from, outs.try_into().ok().unwrap());
        series.try_into().ok().unwrap()
    }

    fn split_to(&self, from: Series, outs: [Source; 2]) {
        let (release, wait) = chan(1);
        release.try_send(()).unwrap();
        let task = generation(self.clone(), Arc::new(from), outs.map(Arc::new), wait);
        self.nursery.spawn(async { drop(task.await) });
    }

    fn repeat(&self, term: Rational) -> Series {
        self.make(|_, z| async move {
            loop {
                z.put(term).await?;
            }
        })
    }

    fn add(&self, u: &Series, v: &Series) -> Series {
        let (u, v) = (u.clone(), v.clone());
        self.make(|_, z| async move {
            loop {
                z.asked().await?;
                let (u, v) = get_both(&u, &v).await?;
                z.give(u + v).await?;
            }
        })
    }

    fn scale(&self, c: Rational, u: &Series) -> Series {
        let u = u.clone();
        self.make(|_, z| async move {
            loop {
                z.asked().await?;
                z.give(c * u.get().await?).await?;
            }
        })
    }

    /// `c + x*us`
    fn shift(&self, c: Rational, us: Series) -> Series {
        self.make(|_, z| async move {
            z.put(c).await?;
            z.copy(&us).await
        })
    }

    /// `(u + x*us) * (v + x*vs)` is `u*v + x*(u*vs + v*us) + x*x*us*vs`.
    fn mul(&self, us: &Series, vs: &Series) -> Series {
        let (us, vs) = (us.clone(), vs.clone());
        self.make(|world, z| async move {
            z.asked().await?;
            let (u, v) = get_both(&us, &vs).await?;
            z.give(u * v).await?;
            let ([us, us_again], [vs, vs_again]) = (world.split(us), world.split(vs));
            let sum = world.add(&world.scale(u, &vs), &world.scale(v, &us));
            z.asked().await?;
            z.give(sum.get().await?).await?;
            z.copy(&world.add(&sum, &world.mul(&us_again, &vs_again)))
                .await
        })
    }

    fn differentiate(&self, u: &Series) -> Series {
        let u = u.clone();
        self.make(|_, z| async move {
            z.asked().await?;
            u.get().await?;
            for n in 1.. {
                z.give(whole(n) * u.get().await?).await?;
                z.asked().await?;
            }
            Ok(())
        })
    }

    fn integrate(&self, c: Rational, u: &Series) -> Series {
        let u = u.clone();
        self.make(|_, z| async move {
            z.put(c).await?;
            for n in 1.. {
                z.asked().await?;
                z.give(ratio(1, n) * u.get().await?).await?;
            }
            Ok(())
        })
    }

    /// `(u + x*us) * (z + x*zs) = 1`, so `z = 1/u` and `zs = -1/u * us * (z + x*zs)`.
    fn reciprocal(&self, u: &Series) -> Series {
        let u = u.clone();
        self.make(|world, z| async move {
            z.asked().await?;
            let first = u.get().await?;
            let first = ratio(first.under, first.over);
            z.give(first).await?;
            let (one, zs) = world.series();
            let (other, again) = world.series();
            let rest = world.mul(&world.scale(-first, &u), &world.shift(first, zs));
            world.split_to(rest, [one, other]);
            z.copy(&again).await
        })
    }

    /// The derivative of `exp(u)` is `exp(u) * u'`. A constant term is left out.
    fn exp(&self, u: &Series) -> Series {
        let (one, zs) = self.series();
        let (other, again) = self.series();
        let derivative = self.mul(&zs, &self.differentiate(u));
        self.split_to(self.integrate(whole(1), &derivative), [one, other]);
        again
    }

    /// `u` of `c*x^n`.
    fn substitute(&self, u: &Series, c: Rational, n: usize) -> Series {
        let u = u.clone();
        self.make(|_, z| async move {
            let mut power = whole(1);
            loop {
                z.put(power * u.get().await?).await?;
                power = power * c;
                for _ in 1..n {
                    z.put(whole(0)).await?;
                }
            }
        })
    }
}

/// One term for both. The newest generation answers whoever reads ahead, the oldest who is behind; when that one has the term, the
/// next generation may answer it too.
fn generation(
    world: World,
    from: Arc<Series>,
    [mut ahead, mut behind]: [Arc<Source>; 2],
    wait: Receiver<()>,
) -> BoxFuture<'static, Step<()>> {
    async move {
        let answers_both = select! {
            asked = ahead.asked.recv() => {
                asked.ok_or(Gone)?;
                false
            }
            released = wait.recv() => {
                released.ok_or(Gone)?;
                select! {
                    asked = ahead.asked.recv() => asked.ok_or(Gone)?,
                    asked = behind.asked.recv() => {
                        asked.ok_or(Gone)?;
                        std::mem::swap(&mut ahead, &mut behind);
                    }
                }
                true
            }
        };
        from.ask.send(()).await.map_err(|_| Gone)?;
        let (release, released) = chan(0);
        let outs = [ahead.clone(), behind.clone()];
        let next = generation(world.clone(), from.clone(), outs, released);
        world.nursery.spawn(async { drop(next.await) });
        let term = from.terms.recv().await.ok_or(Gone)?;
        ahead.give(term).await?;
        if !answers_both {
            wait.recv().await.ok_or(Gone)?;
        }
        behind.asked().await?;
        behind.give(term).await?;
        release.send(()).await.map_err(|_| Gone)
    }
    .boxed()
}

async fn check(series: Series, expected: impl IntoIterator<Item = Rational>) {
    for (n, term) in expected.into_iter().take(10).enumerate() {
        assert_eq!(series.get().await.ok(), Some(term), "term {n}");
    }
}

async fn checks(world: &World) {
    let (one, two) = (whole(1), whole(2));
    let (ones, twos) = (world.repeat(one), world.repeat(two));
    check(ones.clone(), std::iter::repeat(one)).await;
    check(world.add(&ones, &ones), std::iter::repeat(two)).await;
    check(world.add(&ones, &twos), std::iter::repeat(whole(3))).await;
    let negative = world.scale(-one, &twos);
    check(negative.clone(), std::iter::repeat(-two)).await;
    check(world.add(&ones, &negative), std::iter::repeat(-one)).await;
    check(world.differentiate(&ones), (1..).map(whole)).await;
    let logarithm = (0..).map(|n| if n == 0 { whole(0) } else { ratio(1, n) });
    check(world.integrate(whole(0), &ones), logarithm).await;
    check(world.mul(&ones, &ones), (1..).map(whole)).await;
    let zero = whole(0);
    let simple = [one, -one].into_iter().chain(std::iter::repeat(zero));
    check(world.reciprocal(&ones), simple).await;
    let exp = [
        (1, 1),
        (1, 1),
        (3, 2),
        (13, 6),
        (73, 24),
        (167, 40),
        (4051, 720),
        (37633, 5040),
        (43817, 4480),
        (4_596_553, 362_880),
    ];
    check(
        world.exp(&ones),
        exp.map(|(over, under)| ratio(over, under)),
    )
    .await;
    let tangent = (0..).map(|n| match n % 4 {
        1 => ratio(1, n),
        3 => ratio(-1, n),
        _ => zero,
    });
    let derivative = world.substitute(&ones, -one, 2);
    check(world.integrate(zero, &derivative), tangent).await;
}

#[test]
fn power_series_on_demand() {
    each_executor(|on| {
        Nursery::run(on, |nursery| async move {
            let world = World {
                nursery,
                made: Arc::new(Mutex::new(Some(Vec::new()))),
            };
            let end = End(world);
            checks(&end.0).await;
        });
    });
}
