/**
 * A contact centre that never existed, as a source: plays the scenario against the clock. Owns the one
 * timer; decides nothing.
 */
import type { Clock } from '../../base/clock.ts';
import type { RecorderCommand, RecorderResult, Source, SourcePort } from '../source.ts';
import { Recorder } from './recorder.ts';
import type { Cue } from './stage.ts';
import { scenario, type ScenarioSettings } from './scenario.ts';

export type SimulatorSettings = ScenarioSettings;

/** Signals told in one turn at most: behind time, the rest of the process must still be served. */
const signalsPerTurn = 500;

/** A timer is never set further ahead; also what a rate of nearly 0 comes back for. */
const longestWaitMs = 60_000;

/** One run, from start to stop. */
interface Run {
  readonly play: Iterator<Cue, void>;
  readonly recorder: Recorder;
  readonly startedAtMs: number;
  /** The same moment on the clock that nobody can set. */
  readonly startedTickMs: number;
  next: Cue | undefined;
  timer?: NodeJS.Timeout;
}

export class Simulator implements Source {
  readonly type = 'simulator';
  readonly name: string;
  readonly #settings: SimulatorSettings;
  readonly #port: SourcePort;
  readonly #clock: Clock;
  #run: Run | undefined;
  #isHeld = false;

  constructor(settings: SimulatorSettings, port: SourcePort, clock: Clock) {
    this.name = settings.name;
    this.#settings = settings;
    this.#port = port;
    this.#clock = clock;
  }

  /** Begins a new day: other keys than any run before, and nobody on the phone. */
  start(): void {
    if (this.#run !== undefined) return;
    const startedAtMs = this.#clock.now();
    const run: Run = {
      play: scenario(this.#settings, startedAtMs),
      recorder: new Recorder(),
      startedAtMs,
      startedTickMs: performance.now(),
      next: undefined,
    };
    this.#run = run;
    const envelope = { source: this.name, atMs: startedAtMs };
    this.#port.heard();
    this.#port.signal({ ...envelope, kind: 'source.connected' });
    this.#port.signal({ ...envelope, kind: 'source.snapshot', legs: [] });
    this.#port.state('up');
    run.next = take(run);
    this.#wait(run);
  }

  /** Falls silent in the middle of its calls; what they come to is reconciled at the next start. */
  stop(): Promise<void> {
    const run = this.#run;
    if (run !== undefined) {
      clearTimeout(run.timer);
      this.#run = undefined;
    }
    return Promise.resolve();
  }

  /** While held, nothing is told; what was due meanwhile is told afterwards. */
  hold(held: boolean): void {
    if (this.#isHeld === held) return;
    this.#isHeld = held;
    if (this.#run !== undefined) this.#wait(this.#run);
  }

  record(command: RecorderCommand): Promise<RecorderResult> {
    const run = this.#run;
    if (run === undefined) {
      return Promise.resolve({ kind: 'unavailable', reason: 'the simulator is not running' });
    }
    const atMs = run.startedAtMs + Math.round(elapsedMs(run));
    const { result, words } = run.recorder.obey(command, atMs);
    for (const word of words) this.#port.signal({ ...word, source: this.name, atMs });
    return Promise.resolve(result);
  }

  /** Tells what is due, then waits for what comes next. */
  #tell(run: Run): void {
    const nowMs = elapsedMs(run);
    for (let told = 0; told < signalsPerTurn; told++) {
      // A listener may have stopped or held us in between.
      if (this.#run !== run || this.#isHeld || run.next === undefined || run.next.offsetMs > nowMs)
        break;
      const { signal } = run.next;
      run.next = take(run);
      this.#port.heard(signal.atMs);
      if (run.recorder.follow(signal)) this.#port.signal(signal);
    }
    if (this.#run === run) this.#wait(run);
  }

  #wait(run: Run): void {
    // One timer at a time, also when a listener held and released us while we told.
    clearTimeout(run.timer);
    if (run.next === undefined || this.#isHeld) return;
    const waitMs = Math.max(0, run.next.offsetMs - elapsedMs(run));
    run.timer = setTimeout(() => this.#tell(run), Math.min(waitMs, longestWaitMs));
  }
}

function take(run: Run): Cue | undefined {
  const step = run.play.next();
  return step.done === true ? undefined : step.value;
}

function elapsedMs(run: Run): number {
  return performance.now() - run.startedTickMs;
}
