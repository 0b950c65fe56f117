/**
 * What a step is: its effect, its limits, and what it takes.
 *
 * It deliberately knows not how the step is executed.
 */
export {};
