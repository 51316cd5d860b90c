package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"sojourn/internal/inspect"
	"sojourn/internal/ledger"
	"sojourn/internal/policy"
	"sojourn/internal/source/proxy"
)

const (
	// policyPoll is how often a --policy file is looked at: a change is in force
	// on every node within a second.
	policyPoll = 250 * time.Millisecond
	// policyTimeout bounds one attempt to save the file's content.
	policyTimeout = 5 * time.Second

	// fileAuthor is who saved what came from a --policy file.
	fileAuthor = "file"
)

// publishPolicyFile saves the content of the --policy file in the ledger, as the
// truth that all nodes follow, and again whenever it changes, until ctx is done.
// Content that is not a policy is logged and changes nothing.
func publishPolicyFile(ctx context.Context, policies *ledger.Policies, file string, logger *slog.Logger) {
	var saved, refused string // contents
	tick := time.NewTicker(policyPoll)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(file)
		switch text := string(content); {
		case err != nil:
			text = err.Error()
			if text != refused {
				refused = text
				logger.Error("the policy file cannot be read; the policy before stays in force", "error", err)
			}
		case text != saved && text != refused:
			err := savePolicyFile(ctx, policies, text)
			var problem *policy.Error
			switch {
			case err == nil:
				saved, refused = text, ""
				logWarnings(file, text, logger)
			case errors.As(err, &problem):
				refused = text
				logger.Error("the policy file is refused; the policy before stays in force", "file", file, "error", err)
			case ctx.Err() == nil:
				logger.Debug("the policy cannot be saved yet", "error", err) // the bus is away: try again
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// logWarnings tells what of a policy file that was saved is probably not meant.
func logWarnings(file, text string, logger *slog.Logger) {
	_, warnings, err := policy.Examine(file, []byte(text), inspect.Check)
	if err != nil {
		return // it was not saved, then
	}
	for _, w := range warnings {
		logger.Warn("the policy file is in force, but may not say what is meant", "file", file, "line", w.Line, "field", w.Field, "reason", w.Reason)
	}
}

// savePolicyFile saves text, unless it is in force already.
func savePolicyFile(ctx context.Context, policies *ledger.Policies, text string) error {
	ctx, cancel := context.WithTimeout(ctx, policyTimeout)
	defer cancel()
	for {
		current, err := policies.Current(ctx)
		if err != nil {
			return err
		}
		if current.Revision > 0 && current.Document == text {
			return nil
		}
		_, err = policies.Put(ctx, current.Revision, text, fileAuthor, "")
		var conflict *policy.ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
	}
}

// follower puts policies in force on a node: in the inspection and in the
// routing, both or neither.
type follower struct {
	pipeline *inspect.Pipeline
	proxy    *proxy.Server
	logger   *slog.Logger

	revision uint64
	inForce  *policy.Policy
}

// follow puts every policy of the ledger in force until ctx is done.
func (f *follower) follow(ctx context.Context, policies *ledger.Policies) {
	policies.Watch(ctx, func(revision uint64, pol *policy.Policy) {
		if revision == 0 {
			return // nobody has saved one: what the node began with stays
		}
		if err := f.apply(revision, pol); err != nil {
			f.logger.Error("a policy cannot be put in force on this node; the one before stays", "revision", revision, "error", err)
			return
		}
		f.logger.Info("policy in force", "revision", revision)
	})
}

func (f *follower) apply(revision uint64, pol *policy.Policy) error {
	if err := f.pipeline.SetPolicy(pol, revision); err != nil {
		return err
	}
	if err := f.proxy.SetPolicy(pol); err != nil {
		if back := f.pipeline.SetPolicy(f.inForce, f.revision); back != nil {
			return fmt.Errorf("%w; and the one before could not be put back: %w", err, back)
		}
		return err
	}
	f.revision, f.inForce = revision, pol
	return nil
}
