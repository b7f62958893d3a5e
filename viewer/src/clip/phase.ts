// Two clips at the same moment: of time since their beginning, or of the heart's beat.
//
// Pure. R waves are set by hand as times in each clip. Between two of them phase runs evenly from n to n + 1, beyond the outer
// ones the nearest beat goes on. Called by `beside.ts`. Invariant: the R waves of one clip lie exactly on those of the other,
// counted from the first.

export type Beats = readonly number[];

/** Adds or, when it is there already, takes away a beat; in order of time. */
export function toggleBeat(beats: Beats, us: number): Beats {
  return beats.includes(us) ? beats.filter((at) => at !== us) : [...beats, us].sort((a, b) => a - b);
}

/** The moment of one clip that belongs to a moment of another. */
export function sameMoment(us: number, beats: Beats, others: Beats): number {
  const [first] = beats;
  const [other] = others;
  if (first === undefined || other === undefined) return us;
  // One beat says where, not how fast.
  if (beats.length < 2 || others.length < 2) return other + (us - first);
  return timeOf(others, phaseOf(beats, us));
}

/**
 * The same where one goes on for long after the beats that were set in it, as a whole consult does: the other begins its own beats anew when they
 * are over. Null without beats in both, because then no moment of one belongs to one of the other.
 */
export function loopedMoment(us: number, beats: Beats, others: Beats): number | null {
  if (beats.length === 0 || others.length === 0) return null;
  if (beats.length < 2 || others.length < 2) return sameMoment(us, beats, others);
  const phase = phaseOf(beats, us);
  const whole = others.length - 1;
  return timeOf(others, phase - Math.floor(phase / whole) * whole);
}

function phaseOf(beats: Beats, us: number): number {
  const beat = beatBefore(beats, (at) => at <= us);
  const [begin, end] = ends(beats, beat);
  return beat + (us - begin) / (end - begin);
}

function timeOf(beats: Beats, phase: number): number {
  const beat = beatBefore(beats, (_, i) => i <= phase);
  const [begin, end] = ends(beats, beat);
  return begin + (phase - beat) * (end - begin);
}

/** The beat that a place lies in: the last one that began, but one with an end. */
function beatBefore(beats: Beats, hasBegun: (at: number, index: number) => boolean): number {
  return Math.min(Math.max(beats.findLastIndex(hasBegun), 0), beats.length - 2);
}

function ends(beats: Beats, beat: number): [number, number] {
  return [beats[beat] ?? 0, beats[beat + 1] ?? 1];
}
