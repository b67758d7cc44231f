// The declaration that the four built triggers share.

/**
 * The handler of the function, for a runtime or a handler of your own that calls it.
 * The module reads its settings from the environment when it is loaded.
 *
 * @param event the trigger event as Cognito sends it
 * @returns the same event with its `response` filled in
 */
export declare function handler<TriggerEvent extends object>(event: TriggerEvent): Promise<TriggerEvent>
