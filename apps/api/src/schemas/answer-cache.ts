import { BoundedCache } from './bounded-cache.js';

/** A question, and its answer once it is there. */
interface Question<Answer> {
  readonly asking: Promise<Answer>;
  answer: Answer | undefined;
}

/** Remembers answers for a while. Who asks the same at once shares one question, and nobody waits for what is known. */
export class AnswerCache<Key, Answer> {
  readonly #questions: BoundedCache<Key, Question<Answer>>;

  constructor(entriesMax: number, ageMsMax: number) {
    this.#questions = new BoundedCache(entriesMax, ageMsMax);
  }

  /** @throws (or rejects with) whatever `ask` does; that is not remembered */
  get(key: Key, ask: () => Promise<Answer>): Answer | Promise<Answer> {
    const known = this.#questions.get(key);
    if (known !== undefined) return known.answer ?? known.asking;
    const question: Question<Answer> = { asking: ask(), answer: undefined };
    this.#questions.set(key, question);
    question.asking.then(
      (answer) => {
        question.answer = answer;
      },
      () => this.#questions.delete(key),
    );
    return question.asking;
  }

  delete(key: Key): void {
    this.#questions.delete(key);
  }
}
