/**
 * Long work on record: what was requested, by whom, its progress, findings and end, all in the backup bucket, so that
 * any process can show or cancel it. One operation at a time has a lock. Start with {@link OperationService} and
 * {@link OperationExecution}.
 */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
