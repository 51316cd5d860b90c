package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

const (
	cookieName    = "sid"
	sessionLife   = 72 * time.Hour
	loginAttempts = 5                // wrong passwords for one account, then 429
	loginPause    = 10 * time.Minute // until the count starts anew
)

// session is one login: the same one whether shown by cookie or by token.
type session struct {
	person  person
	cookie  string
	token   string
	expires time.Time
}

// account is what the shop remembers of a person.
type account struct {
	cart     []item
	orders   []int // newest last
	failures int   // wrong passwords since failing
	failing  time.Time
}

// accountOf returns the account of person id, a new one when it is not known (any
// more). The caller holds the lock.
func (s *shop) accountOf(id int) *account {
	a, ok := s.accounts.get(id)
	if !ok {
		a = &account{}
		s.accounts.put(id, a)
	}
	return a
}

func (s *shop) login(r *http.Request) (reply, error) {
	var in struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	if err := read(r, &in); err != nil {
		return reply{}, err
	}
	if in.User == "" || in.Password == "" {
		return reply{}, invalid("user_and_password_required")
	}
	p, known := personNamed(s.cfg.Seed, in.User)
	if !known {
		return reply{}, &refusal{status: http.StatusUnauthorized, code: "wrong_user_or_password"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkPassword(p, in.Password); err != nil {
		return reply{}, err
	}
	now := s.cfg.Now()
	made := &session{person: p, cookie: s.secret(p, now, 'c'), token: "shp_" + s.secret(p, now, 't'), expires: now.Add(sessionLife)}
	s.credentials.put(made.cookie, made)
	s.credentials.put(made.token, made)
	return reply{
		header: http.Header{"Set-Cookie": {(&http.Cookie{
			Name: cookieName, Value: made.cookie, Path: "/", MaxAge: int(sessionLife / time.Second),
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		}).String()}},
		body: struct {
			Token   string `json:"token"`
			Expires int    `json:"expires_in"`
			User    int    `json:"user_id"`
		}{made.token, int(sessionLife / time.Second), p.id},
	}, nil
}

// checkPassword refuses a wrong password, and any after too many wrong ones. The
// caller holds the lock.
func (s *shop) checkPassword(p person, password string) error {
	a, now := s.accountOf(p.id), s.cfg.Now()
	if now.Sub(a.failing) > loginPause {
		a.failures, a.failing = 0, now
	}
	if a.failures >= loginAttempts {
		return &refusal{status: http.StatusTooManyRequests, code: "too_many_attempts", retry: "600"}
	}
	if subtle.ConstantTimeCompare([]byte(password), []byte(p.password)) != 1 {
		a.failures++
		return &refusal{status: http.StatusUnauthorized, code: "wrong_user_or_password"}
	}
	a.failures = 0
	return nil
}

// secret makes the value of a new cookie or token. The time is in it, so that no
// two runs of the shop hand out the same one.
func (s *shop) secret(p person, now time.Time, purpose byte) string {
	var key, what [17]byte
	binary.BigEndian.PutUint64(key[:], s.cfg.Seed)
	binary.BigEndian.PutUint64(key[8:], placeToken)
	binary.BigEndian.PutUint64(what[:], uint64(p.id))
	binary.BigEndian.PutUint64(what[8:], uint64(now.UnixNano()))
	what[16] = purpose
	mac := hmac.New(sha256.New, key[:])
	mac.Write(what[:])
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// caller returns the session that r shows, by token or else by cookie.
func (s *shop) caller(r *http.Request) (*session, error) {
	credential := ""
	if c, err := r.Cookie(cookieName); err == nil {
		credential = c.Value
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		credential = token
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.credentials.get(credential)
	if !ok {
		return nil, errUnauthorized
	}
	if s.cfg.Now().After(in.expires) {
		s.forget(in)
		return nil, errUnauthorized
	}
	return in, nil
}

// forget ends a session. The caller holds the lock.
func (s *shop) forget(in *session) {
	s.credentials.remove(in.cookie)
	s.credentials.remove(in.token)
}

func (s *shop) logout(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(in)
	gone := http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return reply{status: http.StatusNoContent, header: http.Header{"Set-Cookie": {gone.String()}}}, nil
}

// passwordReset answers alike for known and unknown addresses, as it should. No
// mail goes out, and the password stays.
func (s *shop) passwordReset(r *http.Request) (reply, error) {
	var in struct {
		Email string `json:"email"`
	}
	if err := read(r, &in); err != nil {
		return reply{}, err
	}
	if !strings.Contains(in.Email, "@") {
		return reply{}, invalid("email_required")
	}
	return reply{status: http.StatusAccepted, body: message{"mail_sent"}}, nil
}
