import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Effect, Step, TimerName, TransactionEvent } from './machine.ts';

/** A running machine, whatever its states. */
export interface Runner {
  readonly stateName: string;
  dispatch(event: TransactionEvent): void;
  drop(): void;
}

/** Runs one machine: keeps its state and its timers, hands every other effect to `perform`. */
export class MachineRunner<State extends { readonly name: string }> implements Runner {
  readonly #step: (state: State, event: TransactionEvent) => Step<State>;
  readonly #clock: Clock;
  readonly #perform: (effect: Effect) => void;
  readonly #timers = new Map<TimerName, Timer>();
  #state: State;

  constructor(
    step: (state: State, event: TransactionEvent) => Step<State>,
    initial: State,
    clock: Clock,
    perform: (effect: Effect) => void,
  ) {
    this.#step = step;
    this.#state = initial;
    this.#clock = clock;
    this.#perform = perform;
  }

  get stateName(): State['name'] {
    return this.#state.name;
  }

  dispatch(event: TransactionEvent): void {
    const { state, effects } = this.#step(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
  }

  /** Cancels every timer: the transaction is dropped without a word. */
  drop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #run(effect: Effect): void {
    if (effect.do === 'start') {
      const { timer, ms } = effect;
      this.#timers.get(timer)?.cancel();
      const handle = this.#clock.after(ms, () => {
        this.#timers.delete(timer);
        this.dispatch({ type: 'timer', timer });
      });
      this.#timers.set(timer, handle);
    } else if (effect.do === 'stop') {
      this.#timers.get(effect.timer)?.cancel();
      this.#timers.delete(effect.timer);
    } else {
      if (effect.do === 'end') this.drop();
      this.#perform(effect);
    }
  }
}
