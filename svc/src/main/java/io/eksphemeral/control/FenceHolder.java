package io.eksphemeral.control;

import io.eksphemeral.domain.Fence;

/**
 * Who has a task's fence.
 *
 * @param as {@link Fence#TAKEN} by the task, or {@link Fence#CLOSED} by the control plane
 * @param handle the task's handle; {@code control-plane} for the control plane
 */
public record FenceHolder(Fence as, String handle) {}
