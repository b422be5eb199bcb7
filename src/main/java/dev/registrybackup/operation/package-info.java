/**
 * Runs long work and records it in the backup bucket: the request, the requester, progress, findings and result. So any
 * process can show or cancel it. One operation of a kind at a time has the lock on the store that it writes to. Start
 * with {@link OperationService} and {@link OperationExecution}.
 */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
