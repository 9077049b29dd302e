;; Threads would make runs differ.
;; expect: build feature_refused
(module
  (memory (export "memory") 1 1 shared)
  (func (export "_start")
    nop))
