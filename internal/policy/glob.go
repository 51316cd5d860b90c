package policy

// Glob reports whether s matches pattern, in which * stands for any run of
// bytes (dots and slashes too, and none) and ? for exactly one. It does not
// allocate, and takes at most len(pattern)*len(s) steps.
func Glob(pattern, s string) bool {
	p, i := 0, 0
	star, from := -1, 0 // the last *, and where in s its run ends so far
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
