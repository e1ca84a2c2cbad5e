//! Public HTTP → capture → store → registry → answer; the answer policy.
