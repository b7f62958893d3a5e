//! Frames in the memory of a graphics device, for encoders that take nothing else (VA-API).
//!
//! Owns device, frame pool and the copy into it; all of it is FFmpeg's reference-counted memory, given back on drop.
//! Our build machines have no such device: what runs there is that opening fails with a reason. Everything else here
//! follows FFmpeg's `vaapi_encode` example and is untested.

use crate::encode::EncodeError;
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Error, encoder, ffi};
use std::ptr;

/// Frames on the device: one being coded, one as its reference, two for the driver.
const POOL_FRAMES: i32 = 4;

/// A pool of frames on a device.
pub(super) struct Upload {
    /// Reference to the pool; never null.
    frames: *mut ffi::AVBufferRef,
}

// SAFETY: reference counts of FFmpeg's buffers are atomic, and the pool is used through `&mut self` only.
unsafe impl Send for Upload {}

impl Upload {
    /// Opens the first VA-API device and makes a pool for frames of this size.
    pub(super) fn vaapi(name: &str, width: u32, height: u32) -> Result<Self, EncodeError> {
        let refused = |code: i32| EncodeError::Open {
            name: name.to_owned(),
            reason: Error::from(code).to_string(),
        };
        let (Ok(width), Ok(height)) = (i32::try_from(width), i32::try_from(height)) else {
            return Err(refused(ffi::AVERROR(libc::EINVAL)));
        };
        // SAFETY: each pointer is checked before use; `upload` owns the pool from its creation on and unrefs it on
        // every way out; the pool holds its own reference to the device, so ours is given back at once.
        unsafe {
            let mut device = ptr::null_mut();
            let kind = ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI;
            let code =
                ffi::av_hwdevice_ctx_create(&raw mut device, kind, ptr::null(), ptr::null_mut(), 0);
            if code < 0 {
                return Err(refused(code));
            }
            let frames = ffi::av_hwframe_ctx_alloc(device);
            ffi::av_buffer_unref(&raw mut device);
            if frames.is_null() {
                return Err(refused(ffi::AVERROR(libc::ENOMEM)));
            }
            let upload = Self { frames };
            let settings = (*frames).data.cast::<ffi::AVHWFramesContext>();
            (*settings).format = ffi::AVPixelFormat::AV_PIX_FMT_VAAPI;
            (*settings).sw_format = ffi::AVPixelFormat::AV_PIX_FMT_NV12;
            (*settings).width = width;
            (*settings).height = height;
            (*settings).initial_pool_size = POOL_FRAMES;
            let code = ffi::av_hwframe_ctx_init(frames);
            if code < 0 {
                Err(refused(code))
            } else {
                Ok(upload)
            }
        }
    }

    /// Tells an encoder that is about to be opened to take frames from this pool.
    pub(super) fn announce(&self, context: &mut encoder::video::Video) {
        // SAFETY: the context is not opened yet and frees the reference given to it.
        unsafe {
            let context = context.as_mut_ptr();
            (*context).pix_fmt = ffi::AVPixelFormat::AV_PIX_FMT_VAAPI;
            (*context).hw_frames_ctx = ffi::av_buffer_ref(self.frames);
        }
    }

    /// Copies a frame onto the device, with its time and kind.
    pub(super) fn upload(&mut self, frame: &Video) -> Result<Video, Error> {
        let mut uploaded = Video::empty();
        // SAFETY: both frames and the pool are live; FFmpeg checks their formats itself.
        unsafe {
            let target = uploaded.as_mut_ptr();
            let code = ffi::av_hwframe_get_buffer(self.frames, target, 0);
            if code < 0 {
                return Err(Error::from(code));
            }
            let code = ffi::av_hwframe_transfer_data(target, frame.as_ptr(), 0);
            if code < 0 {
                return Err(Error::from(code));
            }
        }
        uploaded.set_pts(frame.pts());
        uploaded.set_kind(frame.kind());
        Ok(uploaded)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // SAFETY: the reference is ours and not used afterwards.
        unsafe { ffi::av_buffer_unref(&raw mut self.frames) };
    }
}
